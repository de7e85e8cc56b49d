-- Publishing by others: who may publish under a name, whose bytes are stored, and what a version says of its publication.

-- Names of styles, once and for ever: a name whose versions are all yanked is still taken.
CREATE TABLE styles (
  name TEXT PRIMARY KEY,
  -- What look-alike names have in common; `skeletonOf` of registry/names.ts.
  skeleton TEXT NOT NULL,
  -- Who took the name; `owners` says who may publish under it now.
  publisher TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;

CREATE INDEX styles_by_skeleton ON styles (skeleton);

CREATE TABLE owners (
  name TEXT NOT NULL REFERENCES styles (name),
  publisher TEXT NOT NULL,
  since TEXT NOT NULL,
  PRIMARY KEY (name, publisher)
) STRICT;

CREATE INDEX owners_by_publisher ON owners (publisher);

-- New names that begin with a prefix are its publisher's alone.
CREATE TABLE name_prefixes (
  prefix TEXT PRIMARY KEY,
  -- The prefix with look-alike letters folded, hyphens kept.
  skeleton TEXT NOT NULL UNIQUE,
  publisher TEXT NOT NULL,
  since TEXT NOT NULL
) STRICT;

-- One row for each blob in R2, written before its bytes and removed after them: no bytes are ever without a row.
CREATE TABLE blobs (
  sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64),
  size INTEGER NOT NULL CHECK (size > 0),
  type TEXT NOT NULL,
  -- Whose quota it counts to: who stored it first. NULL: bundled.
  publisher TEXT,
  created_at TEXT NOT NULL,
  -- When somebody last wanted it stored; the grace time of collection runs from here.
  touched_at TEXT NOT NULL,
  -- NULL: its bytes are on their way.
  stored_at TEXT,
  -- Set: its bytes are being removed. It takes no bytes and goes into no version until the row is gone.
  collecting_at TEXT,
  -- Set: only versions that were taken down use it.
  withheld_at TEXT
) STRICT;

CREATE INDEX blobs_by_publisher ON blobs (publisher);
CREATE INDEX blobs_by_touch ON blobs (touched_at);

-- Blobs on their way in parts, and `.style` files being unpacked (without a digest). Their bytes are under uploads/{id} in R2.
CREATE TABLE uploads (
  id TEXT PRIMARY KEY,
  publisher TEXT NOT NULL,
  sha256 TEXT CHECK (length(sha256) = 64),
  size INTEGER NOT NULL CHECK (size > 0),
  type TEXT NOT NULL,
  r2_upload_id TEXT,
  part_size INTEGER NOT NULL,
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX uploads_by_blob ON uploads (publisher, sha256) WHERE sha256 IS NOT NULL;
CREATE INDEX uploads_by_expiry ON uploads (expires_at);

CREATE TABLE upload_parts (
  upload TEXT NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
  part INTEGER NOT NULL CHECK (part >= 1),
  etag TEXT NOT NULL,
  size INTEGER NOT NULL,
  PRIMARY KEY (upload, part)
) STRICT;

-- 'tincture' are the versions that come with the program; all others are signed.
ALTER TABLE releases ADD COLUMN publisher TEXT NOT NULL DEFAULT 'tincture';
ALTER TABLE releases ADD COLUMN signature TEXT;
ALTER TABLE releases ADD COLUMN key_id TEXT;
-- Whether the plugin was run at the edge before it became visible.
ALTER TABLE releases ADD COLUMN trial TEXT NOT NULL DEFAULT 'not-run' CHECK (trial IN ('passed', 'not-run'));
ALTER TABLE releases ADD COLUMN yank_reason TEXT;
-- Hides the version everywhere, even from those who name it exactly.
ALTER TABLE releases ADD COLUMN taken_down_at TEXT;
ALTER TABLE releases ADD COLUMN takedown_reason TEXT;
-- Sorts as text in the order of semver, pre-releases right below their release; `rank` sorts by preference.
ALTER TABLE releases ADD COLUMN precedence TEXT GENERATED ALWAYS AS (substr(rank, 2) || iif(substr(rank, 1, 1) = '1', '~', '')) VIRTUAL;

CREATE INDEX releases_by_precedence ON releases (kind, name, precedence);
CREATE INDEX releases_by_publisher ON releases (publisher, published_at);
CREATE INDEX release_files_by_sha256 ON release_files (sha256);

INSERT INTO styles (name, skeleton, publisher, created_at)
  SELECT name,
    replace(replace(replace(replace(replace(replace(replace(replace(name, '-', ''), 'rn', 'm'), 'vv', 'w'), 'cl', 'd'), 'o', '0'), 'l', '1'), 'i', '1'), 's', '5'),
    'tincture', min(published_at)
  FROM releases WHERE kind = 'style' GROUP BY name;

INSERT INTO owners (name, publisher, since) SELECT name, 'tincture', created_at FROM styles;

INSERT INTO blobs (sha256, size, type, publisher, created_at, touched_at, stored_at)
  SELECT f.sha256, f.size, iif(f.path LIKE 'previews/%', 'image/png', 'application/octet-stream'), NULL, min(r.published_at), max(r.published_at), min(r.published_at)
  FROM release_files f JOIN releases r ON r.kind = f.kind AND r.name = f.name AND r.version = f.version
  GROUP BY f.sha256;

-- The rules that races must not get around. Each is also checked before, with better words.
CREATE TRIGGER releases_never_change
  BEFORE UPDATE OF kind, name, version, rank, manifest, digest, publisher, signature, key_id, published_at ON releases
  BEGIN SELECT RAISE(ABORT, 'rule: published versions never change'); END;

CREATE TRIGGER releases_by_owners BEFORE INSERT ON releases
  WHEN new.kind = 'style'
    AND NOT EXISTS (SELECT 1 FROM owners o WHERE o.name = new.name AND o.publisher = new.publisher)
    AND (new.publisher <> 'tincture' OR EXISTS (SELECT 1 FROM styles s WHERE s.name = new.name))
  BEGIN SELECT RAISE(ABORT, 'rule: only owners publish under a name'); END;

CREATE TRIGGER releases_upwards BEFORE INSERT ON releases
  WHEN new.publisher <> 'tincture'
    AND EXISTS (
      SELECT 1 FROM releases r
       WHERE r.kind = new.kind AND r.name = new.name
         AND r.precedence >= substr(new.rank, 2) || iif(substr(new.rank, 1, 1) = '1', '~', ''))
  BEGIN SELECT RAISE(ABORT, 'rule: versions only go up'); END;

CREATE TRIGGER releases_signed BEFORE INSERT ON releases
  WHEN new.publisher <> 'tincture'
    AND (new.signature IS NULL OR NOT EXISTS (
      SELECT 1 FROM signing_keys k
       WHERE k.id = new.key_id AND k.publisher = new.publisher AND k.revoked_at IS NULL))
  BEGIN SELECT RAISE(ABORT, 'rule: versions are signed with a key in force'); END;

CREATE TRIGGER release_files_in_place BEFORE INSERT ON release_files
  WHEN EXISTS (
      SELECT 1 FROM blobs b WHERE b.sha256 = new.sha256 AND (b.collecting_at IS NOT NULL OR b.withheld_at IS NOT NULL))
    OR (EXISTS (
          SELECT 1 FROM releases r
           WHERE r.kind = new.kind AND r.name = new.name AND r.version = new.version AND r.publisher <> 'tincture')
        AND NOT EXISTS (
          SELECT 1 FROM blobs b WHERE b.sha256 = new.sha256 AND b.size = new.size AND b.stored_at IS NOT NULL))
  BEGIN SELECT RAISE(ABORT, 'rule: blobs are in place before a version'); END;

CREATE TRIGGER styles_unlike BEFORE INSERT ON styles
  WHEN EXISTS (
    SELECT 1 FROM styles s
     WHERE s.skeleton = new.skeleton AND s.name <> new.name
       AND NOT EXISTS (SELECT 1 FROM owners o WHERE o.name = s.name AND o.publisher = new.publisher))
  BEGIN SELECT RAISE(ABORT, 'rule: a name does not look like another publisher’s'); END;
