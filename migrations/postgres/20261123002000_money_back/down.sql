ALTER TABLE subscriptions DROP COLUMN money_back;
ALTER TABLE subscriptions DROP COLUMN latest_invoice;
