-- How a batch is stored, as functions that the program calls: an append is still one round trip and a transaction of its
-- own, and inside it each table has a plain statement, which costs less than one large statement that collects and counts
-- what its parts did.

-- Stores accounts (a_), lines (t_) and waypoints (w_), each parameter one column; true, or an error. Accounts are visited
-- in the order of a_id if they are not locked already: see lane.rs. Each array is unnested in a list of columns and not in
-- a FROM, where Postgres would write every one of them down as a table of its own before it puts the rows together.
CREATE FUNCTION ledger_store(
    a_id uuid[], a_debits_posted bigint[], a_debits_pending bigint[], a_credits_posted bigint[], a_credits_pending bigint[],
    a_touched_at timestamptz[], a_lines bigint[], a_last_line uuid[], a_revision bigint[],
    t_id uuid[], t_kind smallint[], t_purpose smallint[], t_debit uuid[], t_credit uuid[], t_amount bigint[],
    t_refers_to uuid[], t_expires_at timestamptz[], t_at timestamptz[], t_debit_balance bigint[], t_credit_balance bigint[],
    t_debit_previous uuid[], t_credit_previous uuid[], t_description text[], t_actor text[],
    w_account uuid[], w_at timestamptz[], w_line uuid[]
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    stored bigint;
BEGIN
    UPDATE ledger_accounts a
    SET debits_posted = v.debits_posted, debits_pending = v.debits_pending, credits_posted = v.credits_posted,
        credits_pending = v.credits_pending, touched_at = v.touched_at, lines = v.lines, last_line = v.last_line,
        revision = v.revision + 1
    FROM (SELECT unnest(a_id) AS id, unnest(a_debits_posted) AS debits_posted, unnest(a_debits_pending) AS debits_pending,
            unnest(a_credits_posted) AS credits_posted, unnest(a_credits_pending) AS credits_pending,
            unnest(a_touched_at) AS touched_at, unnest(a_lines) AS lines, unnest(a_last_line) AS last_line,
            unnest(a_revision) AS revision) AS v
    WHERE a.id = v.id AND a.revision = v.revision;
    GET DIAGNOSTICS stored = ROW_COUNT;
    IF stored <> cardinality(a_id) THEN
        RAISE EXCEPTION 'an account has changed' USING ERRCODE = 'DM001';
    END IF;

    INSERT INTO ledger_transfers (id, kind, purpose, debit, credit, amount, refers_to, expires_at, at, debit_balance,
        credit_balance, debit_previous, credit_previous, description, actor)
    SELECT unnest(t_id), unnest(t_kind), unnest(t_purpose), unnest(t_debit), unnest(t_credit), unnest(t_amount),
        unnest(t_refers_to), unnest(t_expires_at), unnest(t_at), unnest(t_debit_balance), unnest(t_credit_balance),
        unnest(t_debit_previous), unnest(t_credit_previous), unnest(t_description), unnest(t_actor);
    GET DIAGNOSTICS stored = ROW_COUNT;
    IF stored <> cardinality(t_id) THEN
        RAISE EXCEPTION 'the journal did not take every line';
    END IF;

    -- Small batches seldom have any.
    IF cardinality(w_account) > 0 THEN
        INSERT INTO ledger_waypoints (account, at, line) SELECT unnest(w_account), unnest(w_at), unnest(w_line);
    END IF;
    RETURN TRUE;
END
$$;

-- Seals lines as one more batch; answers its number. The end of the chain is locked from here to the commit.
CREATE FUNCTION ledger_seal_lines(tag bytea, of_content bytea, line_ids bytea) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    batch_number bigint;
    batch_link bytea;
BEGIN
    UPDATE ledger_seal SET number = number + 1, link = sha256(tag || int8send(number + 1) || link || of_content)
    RETURNING number, link INTO STRICT batch_number, batch_link;
    INSERT INTO ledger_batches (number, content, link, lines) VALUES (batch_number, of_content, batch_link, line_ids);
    RETURN batch_number;
END
$$;

DROP FUNCTION ledger_require;
