"""custinfo: know your customers. See docs/architecture.md for what stands where."""
