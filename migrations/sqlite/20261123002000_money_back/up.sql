-- The invoice made last, and, as JSON, what money went back: the invoice that was refunded in full, and the gravest
-- dispute about a payment. Null for nearly everybody.
ALTER TABLE subscriptions ADD COLUMN latest_invoice TEXT;
ALTER TABLE subscriptions ADD COLUMN money_back TEXT;
