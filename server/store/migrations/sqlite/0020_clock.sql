-- How far a hub's clock was ahead of the server's, in milliseconds; nothing where the hub does not tell.
ALTER TABLE hub_state ADD COLUMN ahead INTEGER;
