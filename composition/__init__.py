"""Builds everything: stores and use cases, an area a file, for both programs, the tests and the benches.

`realtime.py` and `rest.py` show in order what each program starts. The constructor of a class lists what it
uses; which implementation it gets is chosen here and nowhere else. A new REST resource is a line in
`endpoints.py`.
"""
