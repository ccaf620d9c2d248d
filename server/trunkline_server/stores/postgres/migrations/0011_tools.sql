-- Tools: those that a key may execute, and approvals of single calls.

-- Patterns `<integration>/<tool>`; empty: all that the roles permit. The lineage is the key that this one was first
-- rotated from, or its own id: who approves with one of them does not call with another.
ALTER TABLE trunkline.api_keys
    ADD COLUMN allowed_tools text[] NOT NULL DEFAULT '{}',
    ADD COLUMN lineage       text;
UPDATE trunkline.api_keys SET lineage = key_id;
ALTER TABLE trunkline.api_keys ALTER COLUMN lineage SET NOT NULL;

-- As in 0007_limits, with the new columns.
GRANT CREATE ON SCHEMA trunkline TO trunkline_lookup;
SET LOCAL ROLE trunkline_lookup;
DROP FUNCTION trunkline.find_key;
CREATE FUNCTION trunkline.find_key(wanted text) RETURNS TABLE (
    key_id text, tenant_id text, secret_hash bytea, roles text[], team_id text, requests_per_minute bigint,
    tokens_per_minute bigint, max_concurrent bigint, allowed_tools text[], lineage text,
    expire_time timestamptz, revoke_time timestamptz, last_use_time timestamptz,
    tenant_status text, tenant_requests_per_minute bigint, data_residency text, tenant_limits jsonb
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT k.key_id, k.tenant_id, k.secret_hash, k.roles, k.team_id, k.requests_per_minute,
           k.tokens_per_minute, k.max_concurrent, k.allowed_tools, k.lineage,
           k.expire_time, k.revoke_time, k.last_use_time,
           t.status, t.requests_per_minute, t.data_residency, t.limits
    FROM trunkline.api_keys k JOIN trunkline.tenants t ON t.tenant_id = k.tenant_id
    WHERE k.key_id = wanted
$$;
REVOKE EXECUTE ON FUNCTION trunkline.find_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION trunkline.find_key TO trunkline_app;
RESET ROLE;
REVOKE CREATE ON SCHEMA trunkline FROM trunkline_lookup;

CREATE TABLE trunkline.tool_approvals (
    tenant_id        text NOT NULL REFERENCES trunkline.tenants,
    approval_id      text NOT NULL,
    integration_id   text NOT NULL,
    tool_name        text NOT NULL,
    -- Of tenant, integration, tool and parameters: what may be called.
    digest           bytea NOT NULL CHECK (length(digest) = 32),
    approver_key_id  text NOT NULL,
    approver_lineage text NOT NULL,
    comment          text NOT NULL DEFAULT '',
    create_time      timestamptz NOT NULL DEFAULT now(),
    expire_time      timestamptz NOT NULL,
    -- The call that used it up.
    used_by          text,
    used_key_id      text,
    used_time        timestamptz,
    PRIMARY KEY (tenant_id, approval_id)
);
CREATE INDEX ON trunkline.tool_approvals (tenant_id, expire_time);
SELECT trunkline.protect('trunkline.tool_approvals');
GRANT SELECT, INSERT, DELETE ON trunkline.tool_approvals TO trunkline_app;
-- What was approved never changes; only its use does.
GRANT UPDATE (used_by, used_key_id, used_time) ON trunkline.tool_approvals TO trunkline_app;
