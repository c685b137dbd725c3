-- Lists stay as rows do.

CREATE TRIGGER contents_keep BEFORE DELETE ON contents
    BEGIN SELECT RAISE(ABORT, 'lists are never removed'); END;
CREATE TRIGGER contents_stay BEFORE UPDATE ON contents
    BEGIN SELECT RAISE(ABORT, 'lists are never changed'); END;
