-- What a request cost whose worker died is not known: it may have been answered, and then it is on the bill. It counts as the most that
-- was expected of it, on the day it began, so that a day's budget holds whatever is killed.

ALTER FUNCTION analyzer_begin(timestamptz, uuid, uuid, boolean, int, int, double precision) RENAME TO analyzer_admit;

-- Ends the requests whose time is over.
CREATE FUNCTION analyzer_settle(at timestamptz, analyzer uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    today date;
BEGIN
    PERFORM FROM analyzer_budgets WHERE analyzer_id = analyzer FOR UPDATE;
    at := coalesce(at, clock_timestamp());
    today := (at AT TIME ZONE 'UTC')::date;
    WITH lost AS (
        UPDATE analyzer_requests SET ended_at = expires_at
        WHERE analyzer_id = analyzer AND ended_at IS NULL AND expires_at <= at
        RETURNING begun_at, tokens, money
    ), spent AS (
        SELECT count(*) AS requests, sum(tokens) AS tokens, sum(money) AS money
        FROM lost WHERE (begun_at AT TIME ZONE 'UTC')::date = today
    )
    UPDATE analyzer_budgets SET
        day = today,
        day_money = CASE WHEN day = today THEN day_money ELSE 0 END + spent.money,
        day_tokens = CASE WHEN day = today THEN day_tokens ELSE 0 END + spent.tokens,
        day_requests = CASE WHEN day = today THEN day_requests ELSE 0 END + spent.requests
    FROM spent WHERE analyzer_id = analyzer AND spent.requests > 0;
END
$$;

-- Settles what is lost, and admits a request or says how long it must wait and why.
CREATE FUNCTION analyzer_begin(
    at timestamptz, analyzer uuid, request uuid, is_batch boolean, expected_prompt int, expected_completion int,
    lease_seconds double precision, OUT wait_seconds double precision, OUT reason text
) LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM analyzer_requests
        WHERE analyzer_id = analyzer AND ended_at IS NULL AND expires_at <= coalesce(at, clock_timestamp())) THEN
        PERFORM analyzer_settle(at, analyzer);
    END IF;
    SELECT a.wait_seconds, a.reason INTO wait_seconds, reason FROM analyzer_admit(
        at, analyzer, request, is_batch, expected_prompt, expected_completion, lease_seconds) a;
END
$$;
