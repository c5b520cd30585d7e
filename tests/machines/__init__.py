"""Programs that tests start: real servers, each in a folder of its own, that never outlive the test."""
