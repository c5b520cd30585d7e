"""Builds everything: stores and use cases, an area a file, for both programs, the tests and the benches.

`realtime.py` and `rest.py` show in order what each program starts. What a class uses, its constructor lists;
what stands behind it is chosen here and nowhere else. A new resource over REST is a line in `endpoints.py`.
"""
