-- Integrations, their credentials and the history of their checks.
CREATE TABLE trunkline.integrations (
    tenant_id              text NOT NULL REFERENCES trunkline.tenants,
    integration_id         text NOT NULL,
    type                   text NOT NULL,
    display_name           text NOT NULL DEFAULT '',
    status                 text NOT NULL CHECK (status IN ('active', 'disabled')),
    configuration          jsonb NOT NULL,
    circuit_breaker_config jsonb NOT NULL,
    monitoring_config      jsonb NOT NULL,
    last_check             jsonb,
    created_at             timestamptz NOT NULL DEFAULT now(),
    updated_at             timestamptz NOT NULL DEFAULT now(),
    etag                   text NOT NULL,
    PRIMARY KEY (tenant_id, integration_id)
);
CREATE INDEX ON trunkline.integrations (type);
CREATE INDEX ON trunkline.integrations (created_at);
SELECT trunkline.protect('trunkline.integrations');
GRANT SELECT, INSERT, UPDATE, DELETE ON trunkline.integrations TO trunkline_app;

CREATE TABLE trunkline.integration_health_checks (
    check_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id      text NOT NULL,
    integration_id text NOT NULL,
    check_time     timestamptz NOT NULL,
    healthy        boolean NOT NULL,
    detail         text NOT NULL,
    latency_us     bigint NOT NULL,
    http_status    integer,
    FOREIGN KEY (tenant_id, integration_id) REFERENCES trunkline.integrations ON DELETE CASCADE
);
CREATE INDEX ON trunkline.integration_health_checks (tenant_id, integration_id, check_id);
SELECT trunkline.protect('trunkline.integration_health_checks');
GRANT SELECT, INSERT, DELETE ON trunkline.integration_health_checks TO trunkline_app;

-- AES-256-GCM: the secret under a data key of its own, the data key under the key-encryption key `kek_id`.
CREATE TABLE trunkline.credentials (
    tenant_id      text NOT NULL,
    integration_id text NOT NULL,
    ciphertext     bytea NOT NULL,
    nonce          bytea NOT NULL,
    wrapped_key    bytea NOT NULL,
    wrap_nonce     bytea NOT NULL,
    kek_id         text NOT NULL,
    hint           text NOT NULL,
    update_time    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, integration_id),
    FOREIGN KEY (tenant_id, integration_id) REFERENCES trunkline.integrations ON DELETE CASCADE
);
SELECT trunkline.protect('trunkline.credentials');
GRANT SELECT, INSERT, UPDATE, DELETE ON trunkline.credentials TO trunkline_app;
