"""What the system and fault tests share: an engine, the proxy under test, clients, and one way to wait."""
