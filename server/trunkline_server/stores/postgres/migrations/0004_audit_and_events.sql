-- The audit log, and the outbox of events.

-- Append-only: the run-time role may neither change nor delete rows. Each row's hash covers the row and the hash before
-- it, so an edit, a deletion or another order shows.
CREATE TABLE trunkline.audit_log (
    tenant_id       text NOT NULL,
    sequence        bigint NOT NULL,
    create_time     timestamptz NOT NULL,
    actor_tenant_id text NOT NULL,
    actor_key_id    text NOT NULL,
    trace_id        text NOT NULL,
    action          text NOT NULL,
    resource_type   text NOT NULL,
    resource_id     text NOT NULL,
    detail          jsonb NOT NULL,
    prev_hash       bytea NOT NULL,
    hash            bytea NOT NULL,
    PRIMARY KEY (tenant_id, sequence)
);
SELECT trunkline.protect('trunkline.audit_log');
GRANT SELECT, INSERT ON trunkline.audit_log TO trunkline_app;

-- The end of each chain: without it, deleting the last rows would not show.
CREATE TABLE trunkline.audit_heads (
    tenant_id text PRIMARY KEY,
    sequence  bigint NOT NULL,
    hash      bytea NOT NULL
);
SELECT trunkline.protect('trunkline.audit_heads');
GRANT SELECT, INSERT, UPDATE ON trunkline.audit_heads TO trunkline_app;

-- Cursors rise in the order of commits within a tenant, because its writers take turns: whoever reads on from a cursor
-- misses nothing.
CREATE TABLE trunkline.outbox (
    cursor       bigserial PRIMARY KEY,
    tenant_id    text NOT NULL,
    event_id     text NOT NULL,
    type         text NOT NULL,
    create_time  timestamptz NOT NULL,
    -- A serialised trunkline.v1.Event.
    payload      bytea NOT NULL,
    published_at timestamptz,
    UNIQUE (tenant_id, event_id)
);
CREATE INDEX ON trunkline.outbox (tenant_id, cursor);
CREATE INDEX ON trunkline.outbox (cursor) WHERE published_at IS NULL;
SELECT trunkline.protect('trunkline.outbox');
GRANT SELECT, INSERT ON trunkline.outbox TO trunkline_app;
GRANT USAGE ON SEQUENCE trunkline.outbox_cursor_seq TO trunkline_app;
