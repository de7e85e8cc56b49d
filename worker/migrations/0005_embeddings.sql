-- Embeddings beside styles: what a name's listed version holds, so that searches may ask for one kind. Manifests from before say none.
ALTER TABLE listings ADD COLUMN holds TEXT NOT NULL DEFAULT 'style';

CREATE INDEX listings_by_holding ON listings (kind, holds, name);

-- Whatever writes a listing, what it holds is what the manifest of its version says.
CREATE TRIGGER listings_holding_added AFTER INSERT ON listings BEGIN
  UPDATE listings SET holds = coalesce(
      (SELECT json_extract(r.manifest, '$.kind') FROM releases r
        WHERE r.kind = new.kind AND r.name = new.name AND r.version = new.version AND new.kind = 'style'), 'style')
    WHERE id = new.id
  ; END;

CREATE TRIGGER listings_holding_changed AFTER UPDATE OF version ON listings BEGIN
  UPDATE listings SET holds = coalesce(
      (SELECT json_extract(r.manifest, '$.kind') FROM releases r
        WHERE r.kind = new.kind AND r.name = new.name AND r.version = new.version AND new.kind = 'style'), 'style')
    WHERE id = new.id
  ; END;
