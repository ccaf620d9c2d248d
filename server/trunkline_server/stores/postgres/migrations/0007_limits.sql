-- Limits of calls: those of the tenant, by scope and subject, and further ones of a key.
ALTER TABLE trunkline.tenants
    ADD COLUMN limits jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(limits) = 'object'); -- A Tenant with `limits` only.
ALTER TABLE trunkline.api_keys
    ADD COLUMN tokens_per_minute bigint CHECK (tokens_per_minute > 0),
    ADD COLUMN max_concurrent    bigint CHECK (max_concurrent > 0);

-- As in 0001_tenancy, with the new columns. A function's columns cannot change: it is made anew, by its owner.
GRANT CREATE ON SCHEMA trunkline TO trunkline_lookup;
SET LOCAL ROLE trunkline_lookup;
DROP FUNCTION trunkline.find_key;
CREATE FUNCTION trunkline.find_key(wanted text) RETURNS TABLE (
    key_id text, tenant_id text, secret_hash bytea, roles text[], team_id text, requests_per_minute bigint,
    tokens_per_minute bigint, max_concurrent bigint,
    expire_time timestamptz, revoke_time timestamptz, last_use_time timestamptz,
    tenant_status text, tenant_requests_per_minute bigint, data_residency text, tenant_limits jsonb
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT k.key_id, k.tenant_id, k.secret_hash, k.roles, k.team_id, k.requests_per_minute,
           k.tokens_per_minute, k.max_concurrent, k.expire_time, k.revoke_time, k.last_use_time,
           t.status, t.requests_per_minute, t.data_residency, t.limits
    FROM trunkline.api_keys k JOIN trunkline.tenants t ON t.tenant_id = k.tenant_id
    WHERE k.key_id = wanted
$$;
REVOKE EXECUTE ON FUNCTION trunkline.find_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION trunkline.find_key TO trunkline_app;
RESET ROLE;
REVOKE CREATE ON SCHEMA trunkline FROM trunkline_lookup;
