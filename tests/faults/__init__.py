"""What goes wrong around a run: closed streams, full disks, early signals, hostile text."""
