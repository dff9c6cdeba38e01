"""What leads clients to us that read no proxy variables: one file for each kind of client."""
