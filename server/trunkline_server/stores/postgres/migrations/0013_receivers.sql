-- Receivers of webhooks, which are looked for before anybody is authenticated.

GRANT CREATE ON SCHEMA trunkline TO trunkline_lookup;
SET LOCAL ROLE trunkline_lookup;
-- Those of the named integrations that receive webhooks, whether they do so now or are switched off.
CREATE FUNCTION trunkline.find_receivers(tenants text[], integrations text[])
RETURNS TABLE (tenant_id text, integration_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT i.tenant_id, i.integration_id FROM unnest(tenants, integrations) AS wanted (tenant_id, integration_id)
    JOIN trunkline.integrations i ON i.tenant_id = wanted.tenant_id AND i.integration_id = wanted.integration_id
    WHERE i.type = 'webhook'
$$;
REVOKE EXECUTE ON FUNCTION trunkline.find_receivers FROM PUBLIC;
GRANT EXECUTE ON FUNCTION trunkline.find_receivers TO trunkline_app;
RESET ROLE;
REVOKE CREATE ON SCHEMA trunkline FROM trunkline_lookup;
