-- More of what trunkline.v1.Usage counts.
ALTER TABLE trunkline.ledger
    ADD COLUMN cache_write_long_tokens bigint,
    ADD COLUMN billed_input_tokens     bigint,
    ADD COLUMN billed_output_tokens    bigint;
