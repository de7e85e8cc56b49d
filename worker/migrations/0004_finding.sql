-- Finding: the latest visible version of each style and model, its words for full text search, and how often it was fetched.
-- A statement ends with `;` at a line's end; within a trigger `;` begins the line instead.
CREATE TABLE downloads (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  -- Whole reads of the version's principal file; see worker/registry/downloads.ts.
  count INTEGER NOT NULL CHECK (count >= 0),
  PRIMARY KEY (kind, name, version)
) STRICT;

-- One row a name: what searches and lists show. The triggers below keep it; nothing else writes here.
CREATE TABLE listings (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  publisher TEXT NOT NULL,
  architecture TEXT NOT NULL,
  context_width INTEGER,
  -- Lower case.
  licence TEXT NOT NULL,
  published_at TEXT NOT NULL,
  -- Of all versions.
  downloads INTEGER NOT NULL,
  UNIQUE (kind, name)
) STRICT;

CREATE INDEX listings_by_downloads ON listings (kind, downloads DESC, name);
CREATE INDEX listings_by_time ON listings (kind, published_at DESC, name);
CREATE INDEX listings_by_publisher ON listings (publisher, kind, name);

-- The words of each style's listing. A word in the name weighs most, then in the title, then in the tags; `texts` holds all texts
-- again, folded as queries are. The tags stay as JSON spells them, whose signs part words: a view under a full text index
-- cannot use json_each.
CREATE VIEW listing_texts AS
  SELECT l.id, l.name, coalesce(json_extract(r.manifest, '$.title'), '') AS title,
    coalesce(json_extract(r.manifest, '$.tags'), '') AS tags,
    r.search_text || ' ' || r.publisher AS texts
  FROM listings l JOIN releases r ON r.kind = l.kind AND r.name = l.name AND r.version = l.version
  WHERE l.kind = 'style';

-- An index over that view. Who removes an entry has to say what it held, so triggers do it while the view still shows it.
CREATE VIRTUAL TABLE listing_words USING fts5 (
  name, title, tags, texts,
  content = 'listing_texts', content_rowid = 'id', prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 2'
);

INSERT INTO listing_words (listing_words, rank) VALUES ('rank', 'bm25(10.0, 5.0, 3.0, 1.0)');

CREATE TRIGGER listings_words_added AFTER INSERT ON listings BEGIN
  INSERT INTO listing_words (rowid, name, title, tags, texts)
    SELECT id, name, title, tags, texts FROM listing_texts WHERE id = new.id
  ; END;

CREATE TRIGGER listings_words_leaving BEFORE UPDATE OF version ON listings BEGIN
  INSERT INTO listing_words (listing_words, rowid, name, title, tags, texts)
    SELECT 'delete', id, name, title, tags, texts FROM listing_texts WHERE id = old.id
  ; END;

CREATE TRIGGER listings_words_changed AFTER UPDATE OF version ON listings BEGIN
  INSERT INTO listing_words (rowid, name, title, tags, texts)
    SELECT id, name, title, tags, texts FROM listing_texts WHERE id = new.id
  ; END;

CREATE TRIGGER listings_words_removed BEFORE DELETE ON listings BEGIN
  INSERT INTO listing_words (listing_words, rowid, name, title, tags, texts)
    SELECT 'delete', id, name, title, tags, texts FROM listing_texts WHERE id = old.id
  ; END;

CREATE TRIGGER listings_count_begun AFTER INSERT ON downloads BEGIN
  UPDATE listings SET downloads = downloads + new.count WHERE kind = new.kind AND name = new.name
  ; END;

CREATE TRIGGER listings_count_grown AFTER UPDATE OF count ON downloads BEGIN
  UPDATE listings SET downloads = downloads + new.count - old.count WHERE kind = new.kind AND name = new.name
  ; END;

-- A name's row is its preferred visible version.
CREATE TRIGGER listings_after_publication AFTER INSERT ON releases BEGIN
  INSERT INTO listings (kind, name, version, publisher, architecture, context_width, licence, published_at, downloads)
    SELECT r.kind, r.name, r.version, r.publisher, r.architecture, r.context_width,
        lower(coalesce(json_extract(r.manifest, '$.licence'), '')), r.published_at,
        coalesce((SELECT sum(d.count) FROM downloads d WHERE d.kind = r.kind AND d.name = r.name), 0)
      FROM releases r
      WHERE r.kind = new.kind AND r.name = new.name AND r.yanked_at IS NULL AND r.taken_down_at IS NULL
      ORDER BY r.rank DESC LIMIT 1
    ON CONFLICT (kind, name) DO UPDATE SET version = excluded.version, publisher = excluded.publisher,
      architecture = excluded.architecture, context_width = excluded.context_width, licence = excluded.licence,
      published_at = excluded.published_at
      WHERE listings.version <> excluded.version
  ; END;

-- Yanks and takedowns, and their undoing.
CREATE TRIGGER listings_after_hiding AFTER UPDATE OF yanked_at, taken_down_at ON releases BEGIN
  DELETE FROM listings WHERE kind = new.kind AND name = new.name
    AND NOT EXISTS (
      SELECT 1 FROM releases r
       WHERE r.kind = new.kind AND r.name = new.name AND r.yanked_at IS NULL AND r.taken_down_at IS NULL)
  ; INSERT INTO listings (kind, name, version, publisher, architecture, context_width, licence, published_at, downloads)
    SELECT r.kind, r.name, r.version, r.publisher, r.architecture, r.context_width,
        lower(coalesce(json_extract(r.manifest, '$.licence'), '')), r.published_at,
        coalesce((SELECT sum(d.count) FROM downloads d WHERE d.kind = r.kind AND d.name = r.name), 0)
      FROM releases r
      WHERE r.kind = new.kind AND r.name = new.name AND r.yanked_at IS NULL AND r.taken_down_at IS NULL
      ORDER BY r.rank DESC LIMIT 1
    ON CONFLICT (kind, name) DO UPDATE SET version = excluded.version, publisher = excluded.publisher,
      architecture = excluded.architecture, context_width = excluded.context_width, licence = excluded.licence,
      published_at = excluded.published_at
      WHERE listings.version <> excluded.version
  ; END;

-- Releases are never deleted by the program; should an operator do so, no listing may be left without one.
CREATE TRIGGER listings_before_removal BEFORE DELETE ON releases BEGIN
  DELETE FROM listings WHERE kind = old.kind AND name = old.name AND version = old.version
  ; END;

CREATE TRIGGER listings_after_removal AFTER DELETE ON releases
  WHEN NOT EXISTS (SELECT 1 FROM listings l WHERE l.kind = old.kind AND l.name = old.name) BEGIN
  INSERT INTO listings (kind, name, version, publisher, architecture, context_width, licence, published_at, downloads)
    SELECT r.kind, r.name, r.version, r.publisher, r.architecture, r.context_width,
        lower(coalesce(json_extract(r.manifest, '$.licence'), '')), r.published_at,
        coalesce((SELECT sum(d.count) FROM downloads d WHERE d.kind = r.kind AND d.name = r.name), 0)
      FROM releases r
      WHERE r.kind = old.kind AND r.name = old.name AND r.yanked_at IS NULL AND r.taken_down_at IS NULL
      ORDER BY r.rank DESC LIMIT 1
  ; END;

INSERT INTO listings (kind, name, version, publisher, architecture, context_width, licence, published_at, downloads)
  SELECT r.kind, r.name, r.version, r.publisher, r.architecture, r.context_width,
      lower(coalesce(json_extract(r.manifest, '$.licence'), '')), r.published_at, 0
    FROM releases r
    WHERE r.yanked_at IS NULL AND r.taken_down_at IS NULL
      AND r.rank = (
        SELECT b.rank FROM releases b
         WHERE b.kind = r.kind AND b.name = r.name AND b.yanked_at IS NULL AND b.taken_down_at IS NULL
         ORDER BY b.rank DESC LIMIT 1);

-- Files that a version's weights were converted from, as its manifest says: pictures carry their hashes.
CREATE TABLE release_origins (
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  PRIMARY KEY (sha256, name, version)
) STRICT;

CREATE TRIGGER releases_origins AFTER INSERT ON releases WHEN new.kind = 'style' BEGIN
  INSERT OR IGNORE INTO release_origins (sha256, name, version)
    SELECT o.value, new.name, new.version FROM json_each(new.manifest, '$.origins') o
  ; END;
