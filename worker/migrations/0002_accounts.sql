-- Accounts: who publishes, how they sign in, what their tokens and keys are, and what was done. Times are RFC 3339 in UTC.
-- Of a person only the handle and the display name are kept. Secrets are kept as SHA-256 in hexadecimal.
CREATE TABLE publishers (
  handle TEXT NOT NULL PRIMARY KEY CHECK (length(handle) BETWEEN 2 AND 39),
  display_name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('publisher', 'administrator')),
  created_at TEXT NOT NULL,
  suspended_at TEXT
) STRICT;

-- Two handles that look alike cannot both exist: hyphens count for nothing, and letters as the digits and pairs that resemble them.
CREATE UNIQUE INDEX publishers_by_look ON publishers (
  replace(replace(replace(replace(replace(replace(handle, '-', ''), '0', 'o'), '1', 'l'), 'i', 'l'), 'rn', 'm'), 'vv', 'w')
);

-- Somebody must be able to administer: also where two administrators demote or suspend each other at once.
CREATE TRIGGER publishers_keep_administrator BEFORE UPDATE OF role, suspended_at ON publishers WHEN OLD.role = 'administrator' AND OLD.suspended_at IS NULL AND (NEW.role <> 'administrator' OR NEW.suspended_at IS NOT NULL) AND (SELECT count(*) FROM publishers WHERE role = 'administrator' AND suspended_at IS NULL) = 1 BEGIN SELECT RAISE(ABORT, 'last administrator'); END;

-- The publisher of what comes with the registry. Nobody can sign in as it.
INSERT INTO publishers (handle, display_name, role, created_at)
VALUES ('tincture', 'Tincture', 'publisher', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'));

CREATE TABLE passkeys (
  -- The credential's id, base64url.
  id TEXT NOT NULL PRIMARY KEY,
  publisher TEXT NOT NULL REFERENCES publishers (handle),
  -- COSE.
  public_key BLOB NOT NULL,
  counter INTEGER NOT NULL,
  -- JSON array of what the authenticator said of itself, such as ["internal"].
  transports TEXT NOT NULL,
  created_at TEXT NOT NULL,
  last_used_at TEXT
) STRICT;

CREATE INDEX passkeys_by_publisher ON passkeys (publisher);

CREATE TRIGGER passkeys_bound BEFORE INSERT ON passkeys WHEN (SELECT count(*) FROM passkeys WHERE publisher = NEW.publisher) >= 10 BEGIN SELECT RAISE(ABORT, 'limit: 10 passkeys'); END;

-- Without one nobody could sign in again.
CREATE TRIGGER passkeys_keep_one BEFORE DELETE ON passkeys WHEN (SELECT count(*) FROM passkeys WHERE publisher = OLD.publisher) = 1 BEGIN SELECT RAISE(ABORT, 'last passkey'); END;

CREATE TABLE sessions (
  hash TEXT NOT NULL PRIMARY KEY CHECK (length(hash) = 64),
  publisher TEXT NOT NULL REFERENCES publishers (handle),
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL
) STRICT;

CREATE INDEX sessions_by_publisher ON sessions (publisher);

-- What a passkey is asked to sign. The row is deleted by its first use.
CREATE TABLE challenges (
  hash TEXT NOT NULL PRIMARY KEY CHECK (length(hash) = 64),
  -- `register` or `sign-in`; another way to sign in has its own.
  purpose TEXT NOT NULL,
  -- Whom a new passkey is for, where that publisher is signed in.
  publisher TEXT REFERENCES publishers (handle),
  -- The account that a registration asked for, JSON.
  detail TEXT,
  expires_at TEXT NOT NULL
) STRICT;

CREATE INDEX challenges_by_expiry ON challenges (expires_at);

-- A program that waits until somebody who is signed in lets it in (RFC 8628).
CREATE TABLE device_logins (
  device_hash TEXT NOT NULL PRIMARY KEY CHECK (length(device_hash) = 64),
  user_hash TEXT NOT NULL UNIQUE CHECK (length(user_hash) = 64),
  -- What it asks for, JSON: name, scopes, days, and the public key that it wants to sign with.
  request TEXT NOT NULL,
  -- Set by the approval; the token is made when the program comes for it.
  publisher TEXT REFERENCES publishers (handle),
  denied_at TEXT,
  polled_at TEXT,
  expires_at TEXT NOT NULL
) STRICT;

CREATE INDEX device_logins_by_expiry ON device_logins (expires_at);

CREATE TABLE tokens (
  id TEXT NOT NULL PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 64),
  publisher TEXT NOT NULL REFERENCES publishers (handle),
  name TEXT NOT NULL,
  -- JSON array of scopes.
  scopes TEXT NOT NULL,
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  revoked_at TEXT,
  -- The token that made this one, and whose end is its end too.
  parent TEXT REFERENCES tokens (id),
  -- To the hour.
  last_used_at TEXT
) STRICT;

CREATE INDEX tokens_by_publisher ON tokens (publisher);
CREATE INDEX tokens_by_parent ON tokens (parent);

CREATE TRIGGER tokens_bound BEFORE INSERT ON tokens WHEN (SELECT count(*) FROM tokens WHERE publisher = NEW.publisher AND revoked_at IS NULL AND expires_at > NEW.created_at) >= 50 BEGIN SELECT RAISE(ABORT, 'limit: 50 tokens in force'); END;

CREATE TABLE signing_keys (
  -- The first 16 hexadecimal digits of the SHA-256 of the raw key.
  id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  publisher TEXT NOT NULL REFERENCES publishers (handle),
  -- Ed25519, the raw 32 bytes in base64url.
  public_key TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at TEXT NOT NULL,
  -- Signatures made before stay valid; new ones are refused.
  revoked_at TEXT
) STRICT;

CREATE INDEX signing_keys_by_publisher ON signing_keys (publisher);

CREATE TRIGGER signing_keys_bound BEFORE INSERT ON signing_keys WHEN (SELECT count(*) FROM signing_keys WHERE publisher = NEW.publisher AND revoked_at IS NULL) >= 20 BEGIN SELECT RAISE(ABORT, 'limit: 20 signing keys in force'); END;

CREATE TABLE audit_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  -- A publisher's handle; `bootstrap` for the command that makes the first administrator, `schedule` for timed jobs.
  actor TEXT NOT NULL,
  -- Such as `token.create`.
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL CHECK (json_valid(detail))
) STRICT;

CREATE INDEX audit_log_by_actor ON audit_log (actor, id);
CREATE INDEX audit_log_by_subject ON audit_log (subject, id);

CREATE TRIGGER audit_log_keeps_rows BEFORE DELETE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_log_keeps_content BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

-- REPLACE deletes without telling the trigger above.
CREATE TRIGGER audit_log_replaces_nothing BEFORE INSERT ON audit_log WHEN NEW.id IN (SELECT id FROM audit_log) BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
