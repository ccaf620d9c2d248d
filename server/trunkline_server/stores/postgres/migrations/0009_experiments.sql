-- With all that is summed by arm, so that the calls of an experiment are summed without reading their records.
DROP INDEX trunkline.request_log_tenant_id_experiment_id_idx;
CREATE INDEX ON trunkline.request_log (tenant_id, experiment_id)
    INCLUDE (arm_id, status_code, error_reason, latency_us, nano_usd) WHERE experiment_id <> '';

-- What the jobs of experiments and judgements look for over all tenants: only who has work for them.
CREATE INDEX ON trunkline.routing_items (tenant_id)
    WHERE kind = 'experiment' AND body ->> 'state' = 'EXPERIMENT_STATE_RUNNING';

GRANT SELECT ON trunkline.routing_items, trunkline.feedback TO trunkline_lookup;
CREATE POLICY lookup ON trunkline.routing_items FOR SELECT TO trunkline_lookup USING (true);
CREATE POLICY lookup ON trunkline.feedback FOR SELECT TO trunkline_lookup USING (true);

GRANT CREATE ON SCHEMA trunkline TO trunkline_lookup;
SET LOCAL ROLE trunkline_lookup;
-- Tenants with running experiments, by id.
CREATE FUNCTION trunkline.experimenting_tenants() RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT DISTINCT i.tenant_id FROM trunkline.routing_items i
    WHERE i.kind = 'experiment' AND i.body ->> 'state' = 'EXPERIMENT_STATE_RUNNING' ORDER BY i.tenant_id
$$;
-- Tenants with judgements whose call was not found yet, by id.
CREATE FUNCTION trunkline.judging_tenants() RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT DISTINCT f.tenant_id FROM trunkline.feedback f WHERE f.provider IS NULL ORDER BY f.tenant_id
$$;
REVOKE EXECUTE ON FUNCTION trunkline.experimenting_tenants, trunkline.judging_tenants FROM PUBLIC;
GRANT EXECUTE ON FUNCTION trunkline.experimenting_tenants, trunkline.judging_tenants TO trunkline_app;
RESET ROLE;
REVOKE CREATE ON SCHEMA trunkline FROM trunkline_lookup;
