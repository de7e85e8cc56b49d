-- Published versions of styles and models. A row is never changed but for yanked_at, and never deleted.
CREATE TABLE releases (
  kind TEXT NOT NULL CHECK (kind IN ('style', 'model')),
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  -- Sorts as text in the order of preference: releases over pre-releases, then by semantic version.
  rank TEXT NOT NULL,
  -- Canonical JSON, and the SHA-256 over it and the files.
  manifest TEXT NOT NULL,
  digest TEXT NOT NULL,
  architecture TEXT NOT NULL,
  -- Unknown for models: the edge does not read tensors.
  context_width INTEGER,
  search_text TEXT NOT NULL,
  published_at TEXT NOT NULL,
  -- Hides the version from lists, ranges and `latest`; who names it exactly still gets it.
  yanked_at TEXT,
  PRIMARY KEY (kind, name, version)
) STRICT;

CREATE UNIQUE INDEX releases_by_rank ON releases (kind, name, rank);

CREATE TABLE release_files (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  path TEXT NOT NULL,
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
  size INTEGER NOT NULL CHECK (size > 0),
  PRIMARY KEY (kind, name, version, path),
  FOREIGN KEY (kind, name, version) REFERENCES releases (kind, name, version)
) STRICT;
