"""The service's API without I/O: actions, options, requests, signing, answers, faults."""
