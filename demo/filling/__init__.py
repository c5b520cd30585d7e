"""Has the town's plan done: people sign up, upload, check in and write, by the API that everybody uses."""
