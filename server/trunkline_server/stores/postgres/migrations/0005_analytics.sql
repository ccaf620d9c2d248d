-- Usage summed over periods, and what would cost less.
CREATE TABLE trunkline.usage_analytics (
    id                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id          text NOT NULL REFERENCES trunkline.tenants,
    integration_id     text NOT NULL,
    period_start       timestamptz NOT NULL,
    period_end         timestamptz NOT NULL CHECK (period_end > period_start),
    total_requests     bigint NOT NULL,
    -- USD, exact to the nano-USD.
    total_cost         numeric(28, 9) NOT NULL,
    average_latency    interval NOT NULL,
    success_rate       double precision NOT NULL CHECK (success_rate BETWEEN 0 AND 1),
    provider_breakdown jsonb NOT NULL,
    UNIQUE (tenant_id, integration_id, period_start, period_end)
);
CREATE INDEX ON trunkline.usage_analytics (period_start);
CREATE INDEX ON trunkline.usage_analytics (period_end);
SELECT trunkline.protect('trunkline.usage_analytics');
GRANT SELECT, INSERT, UPDATE ON trunkline.usage_analytics TO trunkline_app;

CREATE TABLE trunkline.cost_recommendations (
    recommendation_id   uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id           text NOT NULL REFERENCES trunkline.tenants,
    usage_analytics_id  uuid NOT NULL REFERENCES trunkline.usage_analytics ON DELETE CASCADE,
    kind                text NOT NULL,
    summary             text NOT NULL,
    monthly_saving      numeric(28, 9) NOT NULL,
    confidence          double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    create_time         timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON trunkline.cost_recommendations (tenant_id, create_time);
SELECT trunkline.protect('trunkline.cost_recommendations');
GRANT SELECT, INSERT, DELETE ON trunkline.cost_recommendations TO trunkline_app;
