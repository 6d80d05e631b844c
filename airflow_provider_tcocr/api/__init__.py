"""What the service says and wants to hear, without I/O: options, requests, signing, answers, faults."""
