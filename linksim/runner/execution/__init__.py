"""Jobs in, records out: worker processes on this machine, or a Dask cluster."""
