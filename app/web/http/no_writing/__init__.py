"""When nothing can be written: the disk is full, or the server is being worked on."""
