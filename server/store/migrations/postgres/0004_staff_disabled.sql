-- Who left, or lost the password to somebody, may not sign in.
ALTER TABLE staff ADD COLUMN disabled boolean NOT NULL DEFAULT false;
