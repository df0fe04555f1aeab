"""Where the work runs: the processes of this machine, or a cluster."""
