"""The contract, generated from protos/trunkline/v1: import its modules one by one."""
