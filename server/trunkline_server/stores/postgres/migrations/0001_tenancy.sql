-- Roles, row-level security, tenants and API keys.
--
-- trunkline_app     the server at run time: no owner, no DDL, one tenant at a time.
-- trunkline_lookup  owns the few functions that look across tenants; nobody logs in as it.
--
-- Both are made here when they are absent. Where the migrating login may not create roles, make them beforehand and
-- grant both to it. The run-time login needs membership in trunkline_app only.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['trunkline_app', 'trunkline_lookup'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', name);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- Roles belong to the whole server: the migration of another database was faster.
            END;
        END IF;
        BEGIN
            EXECUTE format('GRANT %I TO CURRENT_USER', name);
        EXCEPTION WHEN insufficient_privilege THEN
            NULL; -- Granted beforehand, or the statements below will say what is missing.
        END;
    END LOOP;
END
$$;

GRANT USAGE ON SCHEMA trunkline TO trunkline_app, trunkline_lookup;

-- Binds a table to the tenant of the transaction, its owner included. Without a tenant there are no rows.
CREATE FUNCTION trunkline.protect(target regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', target);
    EXECUTE format(
        'CREATE POLICY tenant ON %s USING (tenant_id = current_setting(''trunkline.tenant_id'', true))', target);
END
$$;
REVOKE EXECUTE ON FUNCTION trunkline.protect FROM PUBLIC;

CREATE TABLE trunkline.tenants (
    tenant_id           text PRIMARY KEY,
    display_name        text NOT NULL DEFAULT '',
    status              text NOT NULL CHECK (status IN ('active', 'suspended')),
    data_residency      text NOT NULL DEFAULT '',
    requests_per_minute bigint CHECK (requests_per_minute > 0),
    create_time         timestamptz NOT NULL DEFAULT now(),
    update_time         timestamptz NOT NULL DEFAULT now(),
    etag                text NOT NULL
);
SELECT trunkline.protect('trunkline.tenants');
GRANT SELECT, INSERT, UPDATE ON trunkline.tenants TO trunkline_app;

CREATE TABLE trunkline.api_keys (
    key_id              text PRIMARY KEY,
    tenant_id           text NOT NULL REFERENCES trunkline.tenants,
    secret_hash         bytea NOT NULL CHECK (length(secret_hash) = 32),
    display_name        text NOT NULL DEFAULT '',
    roles               text[] NOT NULL,
    team_id             text NOT NULL DEFAULT '',
    requests_per_minute bigint CHECK (requests_per_minute > 0),
    expire_time         timestamptz,
    revoke_time         timestamptz,
    create_time         timestamptz NOT NULL DEFAULT now(),
    last_use_time       timestamptz
);
CREATE INDEX ON trunkline.api_keys (tenant_id, create_time DESC, key_id DESC);
SELECT trunkline.protect('trunkline.api_keys');
GRANT SELECT, INSERT ON trunkline.api_keys TO trunkline_app;
-- What a key may do never changes; only its end and its last use do.
GRANT UPDATE (expire_time, revoke_time, last_use_time) ON trunkline.api_keys TO trunkline_app;

-- ── Across tenants ─────────────────────────────────────────────────────────────────────────────────────────────

GRANT SELECT ON trunkline.tenants, trunkline.api_keys TO trunkline_lookup;
CREATE POLICY lookup ON trunkline.tenants FOR SELECT TO trunkline_lookup USING (true);
CREATE POLICY lookup ON trunkline.api_keys FOR SELECT TO trunkline_lookup USING (true);

-- The key of an id, with what its tenant says about every call.
CREATE FUNCTION trunkline.find_key(wanted text) RETURNS TABLE (
    key_id text, tenant_id text, secret_hash bytea, roles text[], team_id text, requests_per_minute bigint,
    expire_time timestamptz, revoke_time timestamptz, last_use_time timestamptz,
    tenant_status text, tenant_requests_per_minute bigint, data_residency text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT k.key_id, k.tenant_id, k.secret_hash, k.roles, k.team_id, k.requests_per_minute,
           k.expire_time, k.revoke_time, k.last_use_time, t.status, t.requests_per_minute, t.data_residency
    FROM trunkline.api_keys k JOIN trunkline.tenants t ON t.tenant_id = k.tenant_id
    WHERE k.key_id = wanted
$$;

-- Tenants by id, for operators.
CREATE FUNCTION trunkline.list_tenants(after text, up_to int) RETURNS SETOF trunkline.tenants
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT * FROM trunkline.tenants t WHERE t.tenant_id > after ORDER BY t.tenant_id LIMIT up_to
$$;

-- A new owner needs CREATE on the schema at that moment only.
GRANT CREATE ON SCHEMA trunkline TO trunkline_lookup;
ALTER FUNCTION trunkline.find_key OWNER TO trunkline_lookup;
ALTER FUNCTION trunkline.list_tenants OWNER TO trunkline_lookup;
REVOKE CREATE ON SCHEMA trunkline FROM trunkline_lookup;
SET LOCAL ROLE trunkline_lookup; -- Only the owner may change who executes them.
REVOKE EXECUTE ON FUNCTION trunkline.find_key, trunkline.list_tenants FROM PUBLIC;
GRANT EXECUTE ON FUNCTION trunkline.find_key, trunkline.list_tenants TO trunkline_app;
RESET ROLE;
