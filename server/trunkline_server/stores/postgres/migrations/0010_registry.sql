-- Integrations: their versions, when each is checked next, and what their health is told from.
ALTER TABLE trunkline.integrations
    ADD COLUMN version       bigint NOT NULL DEFAULT 1 CHECK (version > 0),
    -- When its next live check is due. Whoever claims the check moves it on; spread, so that not all come at once.
    ADD COLUMN next_check_at timestamptz NOT NULL DEFAULT now() + random() * interval '5 minutes';
CREATE INDEX ON trunkline.integrations (next_check_at) WHERE status = 'active';

-- Append-only, and kept when the integration is gone. The columns of the integration as they were; credentials are no
-- part of it.
CREATE TABLE trunkline.integration_versions (
    tenant_id              text NOT NULL REFERENCES trunkline.tenants,
    integration_id         text NOT NULL,
    version                bigint NOT NULL CHECK (version > 0),
    action                 text NOT NULL,
    -- Empty: Trunkline itself.
    key_id                 text NOT NULL,
    changed_paths          text[] NOT NULL,
    type                   text NOT NULL,
    display_name           text NOT NULL,
    status                 text NOT NULL,
    configuration          jsonb NOT NULL,
    circuit_breaker_config jsonb NOT NULL,
    monitoring_config      jsonb NOT NULL,
    create_time            timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, integration_id, version)
);
-- Row-level security binds the owner too, unless it is lifted. Nobody sees this from outside.
ALTER TABLE trunkline.integrations NO FORCE ROW LEVEL SECURITY;
INSERT INTO trunkline.integration_versions (tenant_id, integration_id, version, action, key_id, changed_paths, type,
    display_name, status, configuration, circuit_breaker_config, monitoring_config, create_time)
SELECT tenant_id, integration_id, version, 'create', '', '{}', type,
    display_name, status, configuration, circuit_breaker_config, monitoring_config, updated_at
FROM trunkline.integrations;
ALTER TABLE trunkline.integrations FORCE ROW LEVEL SECURITY;
SELECT trunkline.protect('trunkline.integration_versions');
GRANT SELECT, INSERT ON trunkline.integration_versions TO trunkline_app;

-- ── Checks that are due, over all tenants ──────────────────────────────────────────────────────────────────────

GRANT SELECT, UPDATE (next_check_at) ON trunkline.integrations TO trunkline_lookup;
CREATE POLICY lookup ON trunkline.integrations TO trunkline_lookup USING (true);

-- A pause between two checks, in seconds, as one to wait for now: a tenth more or less, so that checks drift apart.
CREATE FUNCTION trunkline.check_pause(monitoring jsonb, usual double precision) RETURNS interval
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce((monitoring ->> 'check_interval')::interval, make_interval(secs => usual)) * (0.9 + 0.2 * random())
$$;

GRANT CREATE ON SCHEMA trunkline TO trunkline_lookup;
SET LOCAL ROLE trunkline_lookup;
-- Takes up to `most` checks that are due: nobody else takes them before the integration's pause is over.
CREATE FUNCTION trunkline.claim_checks(most int, usual double precision)
RETURNS TABLE (tenant_id text, integration_id text)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH due AS (
        SELECT i.tenant_id, i.integration_id FROM trunkline.integrations i
        JOIN trunkline.tenants t ON t.tenant_id = i.tenant_id AND t.status = 'active'
        WHERE i.status = 'active' AND i.next_check_at <= now()
            AND coalesce((i.monitoring_config ->> 'enabled')::boolean, true)
        ORDER BY i.next_check_at LIMIT most FOR UPDATE OF i SKIP LOCKED
    )
    UPDATE trunkline.integrations i SET next_check_at = now() + trunkline.check_pause(i.monitoring_config, usual)
    FROM due WHERE i.tenant_id = due.tenant_id AND i.integration_id = due.integration_id
    RETURNING i.tenant_id, i.integration_id
$$;
REVOKE EXECUTE ON FUNCTION trunkline.claim_checks FROM PUBLIC;
GRANT EXECUTE ON FUNCTION trunkline.claim_checks TO trunkline_app;
RESET ROLE;
REVOKE CREATE ON SCHEMA trunkline FROM trunkline_lookup;

-- ── What calls tell of an integration ──────────────────────────────────────────────────────────────────────────

ALTER TABLE trunkline.request_log
    -- {integration id: [reason, microseconds]} of those that failed the call, also where another one answered it.
    ADD COLUMN faults jsonb,
    -- [[path, description], …] of a result that broke its tool's schema.
    ADD COLUMN drifts jsonb;
CREATE INDEX ON trunkline.request_log (tenant_id, integration_id, create_time);
CREATE INDEX ON trunkline.request_log (tenant_id, create_time) WHERE faults IS NOT NULL;
CREATE INDEX ON trunkline.request_log (tenant_id, integration_id, create_time) WHERE drifts IS NOT NULL;
