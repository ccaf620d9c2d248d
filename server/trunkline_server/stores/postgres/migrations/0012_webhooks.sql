-- Webhooks: endpoints of tenants, the deliveries of events to them, and the attempts at those. And how long events are kept.

CREATE TABLE trunkline.webhook_endpoints (
    -- Never given twice: an endpoint that is made again under its id has nothing of the one before.
    endpoint        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id       text NOT NULL REFERENCES trunkline.tenants,
    endpoint_id     text NOT NULL,
    url             text NOT NULL,
    types           text[] NOT NULL,
    integration_ids text[] NOT NULL,
    description     text NOT NULL,
    -- `deleted` until the relay has removed its deliveries; nobody but it sees those.
    status          text NOT NULL CHECK (status IN ('pending', 'active', 'paused', 'disabled', 'deleted')),
    disabled_reason text NOT NULL DEFAULT '',
    ordered         boolean NOT NULL,
    max_concurrency int NOT NULL CHECK (max_concurrency BETWEEN 1 AND 64),
    timeout_ms      int NOT NULL CHECK (timeout_ms BETWEEN 1000 AND 30000),
    -- Events up to this cursor are none of its.
    after_cursor    bigint NOT NULL DEFAULT 0,
    last_success    timestamptz,
    create_time     timestamptz NOT NULL DEFAULT now(),
    update_time     timestamptz NOT NULL DEFAULT now(),
    etag            text NOT NULL
);
CREATE UNIQUE INDEX ON trunkline.webhook_endpoints (tenant_id, endpoint_id) WHERE status <> 'deleted';
SELECT trunkline.protect('trunkline.webhook_endpoints');
GRANT SELECT, INSERT, UPDATE ON trunkline.webhook_endpoints TO trunkline_app;

-- Encrypted as in trunkline.credentials. One without an end signs; one with an end signs beside it until then.
CREATE TABLE trunkline.webhook_secrets (
    tenant_id   text NOT NULL,
    endpoint    bigint NOT NULL REFERENCES trunkline.webhook_endpoints ON DELETE CASCADE,
    serial      int NOT NULL,
    ciphertext  bytea NOT NULL,
    nonce       bytea NOT NULL,
    wrapped_key bytea NOT NULL,
    wrap_nonce  bytea NOT NULL,
    kek_id      text NOT NULL,
    expire_time timestamptz,
    PRIMARY KEY (endpoint, serial)
);
CREATE INDEX ON trunkline.webhook_secrets (tenant_id);
SELECT trunkline.protect('trunkline.webhook_secrets');
GRANT SELECT, INSERT, UPDATE, DELETE ON trunkline.webhook_secrets TO trunkline_app;

CREATE TABLE trunkline.webhook_deliveries (
    tenant_id        text NOT NULL,
    endpoint         bigint NOT NULL,
    event_id         text NOT NULL,
    cursor           bigint NOT NULL,
    type             text NOT NULL,
    status           text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'dead')),
    -- Attempts since it was recorded or last redelivered, and when the first of them began.
    attempts         int NOT NULL DEFAULT 0,
    begin_time       timestamptz,
    -- Rises with every attempt and redelivery: what an attempt found counts only where it has not risen meanwhile.
    tries            bigint NOT NULL DEFAULT 0,
    due_time         timestamptz NOT NULL DEFAULT now(),
    create_time      timestamptz NOT NULL DEFAULT now(),
    end_time         timestamptz,
    last_error       text NOT NULL DEFAULT '',
    last_http_status int NOT NULL DEFAULT 0,
    PRIMARY KEY (endpoint, event_id)
);
CREATE INDEX ON trunkline.webhook_deliveries (endpoint, cursor);
CREATE INDEX ON trunkline.webhook_deliveries (endpoint, due_time, cursor) WHERE status = 'pending';
CREATE INDEX ON trunkline.webhook_deliveries (endpoint, cursor) WHERE status = 'pending';
CREATE INDEX ON trunkline.webhook_deliveries (endpoint, end_time) WHERE status = 'dead';
CREATE INDEX ON trunkline.webhook_deliveries (end_time) WHERE status <> 'pending';
CREATE INDEX ON trunkline.webhook_deliveries (cursor);
SELECT trunkline.protect('trunkline.webhook_deliveries');
GRANT SELECT ON trunkline.webhook_deliveries TO trunkline_app;
-- Of a redelivery; the relay's own changes go through the functions below.
GRANT UPDATE (status, attempts, begin_time, tries, due_time, end_time) ON trunkline.webhook_deliveries TO trunkline_app;

CREATE TABLE trunkline.webhook_attempts (
    tenant_id   text NOT NULL,
    endpoint    bigint NOT NULL,
    event_id    text NOT NULL,
    number      bigint NOT NULL,
    time        timestamptz NOT NULL,
    latency_us  bigint NOT NULL,
    http_status int NOT NULL,
    error       text NOT NULL,
    answer      text NOT NULL,
    PRIMARY KEY (endpoint, event_id, number),
    FOREIGN KEY (endpoint, event_id) REFERENCES trunkline.webhook_deliveries ON DELETE CASCADE
);
SELECT trunkline.protect('trunkline.webhook_attempts');
GRANT SELECT ON trunkline.webhook_attempts TO trunkline_app;

-- Events of a tenant up to this cursor may have been removed.
CREATE TABLE trunkline.outbox_horizons (
    tenant_id text PRIMARY KEY,
    cursor    bigint NOT NULL
);
SELECT trunkline.protect('trunkline.outbox_horizons');
GRANT SELECT ON trunkline.outbox_horizons TO trunkline_app;

CREATE INDEX ON trunkline.outbox (published_at) WHERE published_at IS NOT NULL;

-- ── The relay, over all tenants ────────────────────────────────────────────────────────────────────────────────

GRANT SELECT, DELETE, UPDATE (published_at) ON trunkline.outbox TO trunkline_lookup;
GRANT SELECT, DELETE, UPDATE (last_success) ON trunkline.webhook_endpoints TO trunkline_lookup;
GRANT SELECT, INSERT, UPDATE, DELETE ON trunkline.webhook_deliveries, trunkline.webhook_attempts,
    trunkline.outbox_horizons TO trunkline_lookup;
GRANT SELECT, DELETE ON trunkline.webhook_secrets TO trunkline_lookup;
CREATE POLICY lookup ON trunkline.outbox TO trunkline_lookup USING (true);
CREATE POLICY lookup ON trunkline.webhook_endpoints TO trunkline_lookup USING (true);
CREATE POLICY lookup ON trunkline.webhook_secrets TO trunkline_lookup USING (true);
CREATE POLICY lookup ON trunkline.webhook_deliveries TO trunkline_lookup USING (true);
CREATE POLICY lookup ON trunkline.webhook_attempts TO trunkline_lookup USING (true);
CREATE POLICY lookup ON trunkline.outbox_horizons TO trunkline_lookup USING (true);

GRANT CREATE ON SCHEMA trunkline TO trunkline_lookup;
SET LOCAL ROLE trunkline_lookup;

-- The oldest events that were not looked at yet: up to `most`, or `most_bytes` of payloads, at least one. The payload
-- is left out where no endpoint of the tenant could get it.
CREATE FUNCTION trunkline.unpublished_events(most int, most_bytes bigint)
RETURNS TABLE (cursor bigint, tenant_id text, event_id text, type text, payload bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH oldest AS (
        SELECT o.cursor, o.tenant_id, o.event_id, o.type,
            CASE WHEN EXISTS (
                SELECT FROM trunkline.webhook_endpoints e
                WHERE e.tenant_id = o.tenant_id AND e.status IN ('active', 'paused')
            ) THEN o.payload END AS payload
        FROM trunkline.outbox o WHERE o.published_at IS NULL ORDER BY o.cursor LIMIT most
    ), measured AS (
        SELECT oldest.*, sum(coalesce(octet_length(oldest.payload), 0)) OVER (ORDER BY oldest.cursor)
            - coalesce(octet_length(oldest.payload), 0) AS before
        FROM oldest
    )
    SELECT m.cursor, m.tenant_id, m.event_id, m.type, m.payload FROM measured m
    WHERE m.before < most_bytes ORDER BY m.cursor
$$;

-- What the endpoints of some tenants want.
CREATE FUNCTION trunkline.webhook_wishes(tenants text[])
RETURNS TABLE (tenant_id text, endpoint bigint, types text[], integration_ids text[], after_cursor bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT e.tenant_id, e.endpoint, e.types, e.integration_ids, e.after_cursor FROM trunkline.webhook_endpoints e
    WHERE e.tenant_id = ANY (tenants) AND e.status IN ('active', 'paused')
$$;

-- Marks events as looked at, and makes the deliveries: each `cursors[i]` to `endpoints[i]`.
CREATE FUNCTION trunkline.publish_events(published bigint[], cursors bigint[], endpoints bigint[]) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO trunkline.webhook_deliveries (tenant_id, endpoint, event_id, cursor, type)
    SELECT o.tenant_id, w.endpoint, o.event_id, o.cursor, o.type
    FROM unnest(cursors, endpoints) AS w (cursor, endpoint) JOIN trunkline.outbox o ON o.cursor = w.cursor
    JOIN trunkline.webhook_endpoints e ON e.endpoint = w.endpoint AND e.status IN ('active', 'paused')
    ON CONFLICT DO NOTHING;
    UPDATE trunkline.outbox SET published_at = now() WHERE cursor = ANY (published) AND published_at IS NULL;
$$;

-- Deliveries whose time has come, of each active endpoint that is not among `busy`: up to twice its concurrency, so that
-- some are left beside those that are under way; of an ordered one the first ones that wait, `due` or not.
CREATE FUNCTION trunkline.due_deliveries(busy bigint[])
RETURNS TABLE (tenant_id text, endpoint bigint, endpoint_id text, etag text, ordered boolean, max_concurrency int,
    event_id text, cursor bigint, type text, attempts int, tries bigint, due boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT e.tenant_id, e.endpoint, e.endpoint_id, e.etag, e.ordered, e.max_concurrency,
        d.event_id, d.cursor, d.type, d.attempts, d.tries, d.due_time <= now()
    FROM trunkline.webhook_endpoints e CROSS JOIN LATERAL (
        (SELECT w.* FROM trunkline.webhook_deliveries w
        WHERE NOT e.ordered AND w.endpoint = e.endpoint AND w.status = 'pending' AND w.due_time <= now()
        ORDER BY w.due_time, w.cursor LIMIT 2 * e.max_concurrency)
        UNION ALL
        (SELECT w.* FROM trunkline.webhook_deliveries w
        WHERE e.ordered AND w.endpoint = e.endpoint AND w.status = 'pending' ORDER BY w.cursor LIMIT 16)
    ) d
    WHERE e.status = 'active' AND e.endpoint <> ALL (busy)
    ORDER BY e.endpoint, CASE WHEN e.ordered THEN NULL ELSE d.due_time END, d.cursor
$$;

-- The payloads of events; absent where they are larger than `most_bytes` each.
CREATE FUNCTION trunkline.event_payloads(cursors bigint[], most_bytes int) RETURNS TABLE (cursor bigint, payload bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT o.cursor, CASE WHEN octet_length(o.payload) <= most_bytes THEN o.payload END
    FROM trunkline.outbox o WHERE o.cursor = ANY (cursors)
$$;

-- What attempts found: `delays` in seconds until the next one, NULL where the delivery ended. Of each history the first
-- and the last 20 are kept.
CREATE FUNCTION trunkline.record_attempts(endpoints bigint[], event_ids text[], found bigint[], statuses text[],
    delays double precision[], times timestamptz[], latencies bigint[], http_statuses int[], errors text[], answers text[])
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO trunkline.webhook_attempts
        (tenant_id, endpoint, event_id, number, time, latency_us, http_status, error, answer)
    SELECT d.tenant_id, a.endpoint, a.event_id, a.tries + 1, a.time, a.latency_us, a.http_status, a.error, a.answer
    FROM unnest(endpoints, event_ids, found, times, latencies, http_statuses, errors, answers)
        AS a (endpoint, event_id, tries, time, latency_us, http_status, error, answer)
    JOIN trunkline.webhook_deliveries d ON d.endpoint = a.endpoint AND d.event_id = a.event_id
    ON CONFLICT DO NOTHING;
    DELETE FROM trunkline.webhook_attempts t USING unnest(endpoints, event_ids, found) AS a (endpoint, event_id, tries)
    WHERE a.tries >= 40 AND t.endpoint = a.endpoint AND t.event_id = a.event_id
        AND t.number > 20 AND t.number <= a.tries - 19;
    UPDATE trunkline.webhook_deliveries d SET
        status = a.status, attempts = d.attempts + 1, tries = d.tries + 1, begin_time = coalesce(d.begin_time, a.time),
        due_time = now() + make_interval(secs => coalesce(a.delay, 0)),
        end_time = CASE WHEN a.status = 'pending' THEN NULL ELSE now() END,
        last_error = a.error, last_http_status = a.http_status
    FROM unnest(endpoints, event_ids, found, statuses, delays, times, http_statuses, errors)
        AS a (endpoint, event_id, tries, status, delay, time, http_status, error)
    WHERE d.endpoint = a.endpoint AND d.event_id = a.event_id AND d.tries = a.tries;
    UPDATE trunkline.webhook_endpoints SET last_success = now() WHERE endpoint = ANY (ARRAY(
        SELECT a.endpoint FROM unnest(endpoints, statuses) AS a (endpoint, status) WHERE a.status = 'delivered'));
$$;

-- The deliveries of disabled endpoints become dead letters; returns how many.
CREATE FUNCTION trunkline.bury_deliveries(most int) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH doomed AS (
        SELECT d.endpoint, d.event_id FROM trunkline.webhook_endpoints e
        JOIN trunkline.webhook_deliveries d ON d.endpoint = e.endpoint AND d.status = 'pending'
        WHERE e.status = 'disabled' LIMIT most
    ), buried AS (
        UPDATE trunkline.webhook_deliveries d SET status = 'dead', end_time = now(), tries = d.tries + 1,
            last_error = CASE WHEN d.last_error = '' THEN 'the endpoint is disabled' ELSE d.last_error END
        FROM doomed WHERE d.endpoint = doomed.endpoint AND d.event_id = doomed.event_id RETURNING 1
    )
    SELECT count(*) FROM buried
$$;

-- Removes up to `most` each: deliveries of deleted endpoints and those that ended so many days ago, then events that were
-- published so many days ago and have no delivery. Returns how many of both.
CREATE FUNCTION trunkline.forget_events(days int, most int) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    deliveries bigint;
    events bigint;
BEGIN
    WITH old AS (
        (SELECT d.endpoint, d.event_id FROM trunkline.webhook_endpoints e
        JOIN trunkline.webhook_deliveries d ON d.endpoint = e.endpoint WHERE e.status = 'deleted' LIMIT most)
        UNION
        (SELECT d.endpoint, d.event_id FROM trunkline.webhook_deliveries d
        WHERE d.status <> 'pending' AND d.end_time < now() - make_interval(days => days) LIMIT most)
    )
    DELETE FROM trunkline.webhook_deliveries d USING old WHERE d.endpoint = old.endpoint AND d.event_id = old.event_id;
    GET DIAGNOSTICS deliveries = ROW_COUNT;
    DELETE FROM trunkline.webhook_endpoints e WHERE e.status = 'deleted'
        AND NOT EXISTS (SELECT FROM trunkline.webhook_deliveries d WHERE d.endpoint = e.endpoint);
    WITH old AS (
        SELECT o.cursor FROM trunkline.outbox o
        WHERE o.published_at < now() - make_interval(days => days)
            AND NOT EXISTS (SELECT FROM trunkline.webhook_deliveries d WHERE d.cursor = o.cursor) LIMIT most
    ), removed AS (
        DELETE FROM trunkline.outbox o USING old WHERE o.cursor = old.cursor RETURNING o.tenant_id, o.cursor
    ), ends AS (
        INSERT INTO trunkline.outbox_horizons AS h (tenant_id, cursor)
        SELECT r.tenant_id, max(r.cursor) FROM removed r GROUP BY r.tenant_id
        ON CONFLICT (tenant_id) DO UPDATE SET cursor = greatest(h.cursor, excluded.cursor)
    )
    SELECT count(*) INTO events FROM removed;
    RETURN deliveries + events;
END
$$;

-- How far the relay is behind: the age of the oldest event that was not looked at, in seconds, and how many deliveries
-- wait, counted up to `most`.
CREATE FUNCTION trunkline.relay_backlog(most int) RETURNS TABLE (lag double precision, waiting bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce((
        SELECT extract(epoch FROM now() - o.create_time) FROM trunkline.outbox o
        WHERE o.published_at IS NULL ORDER BY o.cursor LIMIT 1), 0)::double precision,
        (SELECT count(*) FROM (
            SELECT FROM trunkline.webhook_deliveries d WHERE d.status = 'pending' LIMIT most) AS waits)
$$;

REVOKE EXECUTE ON FUNCTION trunkline.unpublished_events, trunkline.webhook_wishes, trunkline.publish_events,
    trunkline.due_deliveries, trunkline.event_payloads, trunkline.record_attempts, trunkline.bury_deliveries,
    trunkline.forget_events, trunkline.relay_backlog FROM PUBLIC;
GRANT EXECUTE ON FUNCTION trunkline.unpublished_events, trunkline.webhook_wishes, trunkline.publish_events,
    trunkline.due_deliveries, trunkline.event_payloads, trunkline.record_attempts, trunkline.bury_deliveries,
    trunkline.forget_events, trunkline.relay_backlog TO trunkline_app;
RESET ROLE;
REVOKE CREATE ON SCHEMA trunkline FROM trunkline_lookup;
