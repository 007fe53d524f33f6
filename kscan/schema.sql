-- The store: facts belong to content, releases point to content. History is computed, never kept.

CREATE TABLE blob (              -- the text of every file read, so that an answer can show its proof
    id TEXT PRIMARY KEY,         -- git's id of the content
    data BLOB NOT NULL           -- zlib
) WITHOUT ROWID;

CREATE TABLE name (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
);

CREATE TABLE reading (           -- what reading a file gave; equal ones are kept once
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    failure TEXT                 -- why nothing could be read
);

CREATE TABLE problem (
    reading_id INTEGER NOT NULL REFERENCES reading (id) ON DELETE CASCADE,
    line INTEGER NOT NULL,
    reason TEXT NOT NULL
);

CREATE TABLE said (              -- a fact wherever it stands: most readings differ from others in few of them
    id INTEGER PRIMARY KEY,
    name_id INTEGER NOT NULL REFERENCES name (id),
    kind TEXT NOT NULL,
    further INTEGER NOT NULL,    -- lines that it has beside its first
    value,                       -- integer; text where it is a string or does not fit 64 bits
    type TEXT,
    reason TEXT,
    bit_offset INTEGER,
    bit_size INTEGER,
    size INTEGER,
    owner TEXT,                  -- the enum of an enumerator, by its tag
    mark INTEGER NOT NULL        -- a digest of all this, to find it by: a name can have thousands of facts
);
CREATE INDEX said_mark ON said (mark);
CREATE INDEX said_owner ON said (owner) WHERE owner IS NOT NULL;
CREATE INDEX said_name ON said (name_id);

CREATE TABLE block (             -- facts that stand together, wherever they do
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE
);

CREATE TABLE stands (            -- where a block has a fact
    block_id INTEGER NOT NULL REFERENCES block (id),
    number INTEGER NOT NULL,     -- in the order of the file
    said_id INTEGER NOT NULL REFERENCES said (id),
    line INTEGER NOT NULL,       -- counted from the block's first
    PRIMARY KEY (block_id, number)
) WITHOUT ROWID;
CREATE INDEX stands_said ON stands (said_id);

CREATE TABLE holds (             -- where a reading has a block
    reading_id INTEGER NOT NULL REFERENCES reading (id) ON DELETE CASCADE,
    before INTEGER NOT NULL,     -- how many facts come before it
    block_id INTEGER NOT NULL REFERENCES block (id),
    line INTEGER NOT NULL,       -- of its first fact
    PRIMARY KEY (reading_id, before)
) WITHOUT ROWID;
CREATE INDEX holds_block ON holds (block_id);

CREATE VIEW fact AS
    SELECT reading_id, before + number AS number, name_id, kind, holds.line + stands.line AS line,
           holds.line + stands.line + further AS end_line, value, type, reason, bit_offset, bit_size, size, owner
    FROM holds JOIN stands USING (block_id) JOIN said ON said.id = said_id;

CREATE TABLE trace (             -- a content read in a context: what it included, and the reading
    blob TEXT NOT NULL,
    mode TEXT NOT NULL,          -- profile and manner of reading
    closure TEXT NOT NULL,       -- lines "include content"; "-" for one that was not there
    circumstances TEXT NOT NULL, -- digest of what of them the reading comes from; empty where it is not told
    reading_id INTEGER NOT NULL REFERENCES reading (id) ON DELETE CASCADE
);
CREATE INDEX trace_blob ON trace (blob, mode);

CREATE TABLE release (
    id INTEGER PRIMARY KEY,
    tag TEXT NOT NULL,           -- the tag asked for, or the user's label
    profile TEXT NOT NULL,
    is_label INTEGER NOT NULL,
    exact TEXT NOT NULL,         -- the version its Makefile states
    source TEXT NOT NULL,        -- where it was read
    commit_id TEXT,
    permalink TEXT,              -- template with {tag}, {path}, {lines}; null where there is none
    sets TEXT NOT NULL,          -- what was asked for, one set or pattern a line
    suspicion TEXT,              -- what does not look like mainline
    reader TEXT NOT NULL,        -- digest of the code that read it: what another version read is read again
    UNIQUE (tag, profile)
);

CREATE TABLE file (
    release_id INTEGER NOT NULL REFERENCES release (id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    header TEXT NOT NULL,        -- logical name of a UAPI header; path of an internal file
    path TEXT NOT NULL,
    blob TEXT NOT NULL,
    reading_id INTEGER NOT NULL REFERENCES reading (id),
    PRIMARY KEY (release_id, scope, header)
) WITHOUT ROWID;
CREATE INDEX file_reading ON file (reading_id);
CREATE INDEX file_header ON file (header);
