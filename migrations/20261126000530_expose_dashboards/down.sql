drop function expose_dashboards(uuid[]);
