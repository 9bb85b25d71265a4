-- What the business is about: here, orders.
CREATE TABLE orders (
  id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email  text NOT NULL,
  cents  bigint NOT NULL
);

-- Jobs of committed transactions that Redis does not have yet. The relay deletes a row when its job is enqueued.
CREATE TABLE outbox (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind        text NOT NULL,
  version     integer NOT NULL,
  payload     jsonb NOT NULL,
  -- Makes one job of every enqueue of this row. Not the id: that is handed out again after a restore.
  key         text NOT NULL,
  tenant      text,
  created_at  timestamptz NOT NULL DEFAULT now(),
  -- Why Bulwark did not accept the payload: such a row waits for a person.
  refused     text
);
