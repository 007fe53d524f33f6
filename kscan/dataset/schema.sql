-- The dataset that ships. A fact stands from one release to another; releases are numbered in order of time.

CREATE TABLE about (             -- one row
    profile TEXT NOT NULL,
    digest TEXT NOT NULL         -- of the text it was made of, and of the code that made it
);

CREATE TABLE release (
    id INTEGER PRIMARY KEY,      -- 1, 2, ...: the order of time
    tag TEXT NOT NULL UNIQUE,
    exact TEXT NOT NULL,         -- the version its Makefile states
    source TEXT NOT NULL,        -- where the tree was published
    commit_id TEXT,
    permalink TEXT NOT NULL,     -- template with {tag}, {path}, {lines}
    sets TEXT NOT NULL,          -- header sets, one a line
    remark TEXT,                 -- what is known of the tree
    suspicion TEXT               -- what it alone has or lacks beside its neighbours, decisions counted in
);

CREATE TABLE header (
    id INTEGER PRIMARY KEY,
    scope TEXT NOT NULL,
    name TEXT NOT NULL,          -- linux/if_packet.h; of an internal file its path
    UNIQUE (scope, name)
);

CREATE TABLE content (           -- a header, unchanged from release `first` to release `last`
    header_id INTEGER NOT NULL REFERENCES header (id),
    first INTEGER NOT NULL REFERENCES release (id),
    last INTEGER NOT NULL REFERENCES release (id),
    path TEXT NOT NULL,
    blob TEXT NOT NULL,          -- git's id
    failure TEXT,                -- why nothing could be read
    PRIMARY KEY (header_id, first)
) WITHOUT ROWID;

CREATE TABLE problem (           -- a line of the content that begins at `first` which could not be read
    header_id INTEGER NOT NULL REFERENCES header (id),
    first INTEGER NOT NULL REFERENCES release (id),
    line INTEGER NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX problem_header ON problem (header_id, first);

CREATE TABLE shift (             -- at `release`, what stood from `line` on (to the next row) moved by `delta` lines
    header_id INTEGER NOT NULL REFERENCES header (id),
    release INTEGER NOT NULL REFERENCES release (id),
    line INTEGER NOT NULL,
    delta INTEGER NOT NULL,
    PRIMARY KEY (header_id, release, line)
) WITHOUT ROWID;

CREATE TABLE name (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
);

CREATE TABLE fact (              -- what a header says, from release `first` to release `last`
    id INTEGER PRIMARY KEY,
    name_id INTEGER NOT NULL REFERENCES name (id),
    header_id INTEGER NOT NULL REFERENCES header (id),
    first INTEGER NOT NULL REFERENCES release (id),
    last INTEGER NOT NULL REFERENCES release (id),
    line INTEGER NOT NULL,       -- at `first`; later see shift
    end_line INTEGER NOT NULL,
    kind TEXT NOT NULL,
    value,                       -- integer; text where it is a string or does not fit 64 bits
    type TEXT,
    reason TEXT,                 -- why there is no value
    bit_offset INTEGER,          -- from the start of the outermost named struct
    bit_size INTEGER,            -- of bit-fields
    size INTEGER,                -- in bytes
    owner TEXT                   -- the enum of an enumerator, by its tag; of a use its sort
);
CREATE INDEX fact_name ON fact (name_id);
CREATE INDEX fact_header ON fact (header_id);
CREATE INDEX fact_owner ON fact (owner) WHERE owner IS NOT NULL;

CREATE TABLE decision (          -- where the answer is not what the tree shows
    release INTEGER NOT NULL REFERENCES release (id),
    decision TEXT NOT NULL,      -- drop: not mainline's; unknown: the tree cannot tell; confirmed: a second source has it
    scope TEXT NOT NULL,
    header TEXT NOT NULL,
    name TEXT,                   -- null: the whole header
    reason TEXT NOT NULL
);
CREATE INDEX decision_header ON decision (header);

CREATE VIEW span AS              -- for reading by eye, in pandas or in Datasette
    SELECT name.text AS name, fact.kind, header.scope, header.name AS header, fact.value, fact.type, fact.reason,
           fact.bit_offset, fact.bit_size, fact.size, f.tag AS "from", l.tag AS "to",
           content.path, fact.line, fact.end_line
    FROM fact JOIN name ON name.id = fact.name_id JOIN header ON header.id = fact.header_id
    JOIN release AS f ON f.id = fact.first JOIN release AS l ON l.id = fact.last
    JOIN content ON content.header_id = fact.header_id
        AND fact.first BETWEEN content.first AND content.last;
