// What the product is compared with: Express and stripe-node, written as Stripe's samples are.
//
// A cluster of two. SQLite: better-sqlite3, WAL, synchronous=FULL. PostgreSQL: a pool of ten. The event's row and the
// user's update are one transaction. Settings: PORT, DATABASE (a file, or postgres://…), STRIPE (host:port),
// WEBHOOK_SECRET, JWT_SECRET.
'use strict';

const cluster = require('node:cluster');

if (cluster.isPrimary) {
  for (let worker = 0; worker < 2; worker += 1) cluster.fork();
  cluster.on('exit', () => process.exit(1));
  process.on('SIGTERM', () => process.exit(0));
} else {
  serve();
}

function serve() {
  const express = require('express');
  const bcrypt = require('bcrypt');
  const jwt = require('jsonwebtoken');
  const Stripe = require('stripe');

  const { PORT, DATABASE, STRIPE, WEBHOOK_SECRET, JWT_SECRET } = process.env;
  const [host, port] = STRIPE.split(':');
  const stripe = new Stripe('sk_test_bench', { host, port: Number(port), protocol: 'http' });
  const database = DATABASE.startsWith('postgres') ? postgres(DATABASE) : sqlite(DATABASE);
  const app = express();

  app.post('/webhooks', express.raw({ type: 'application/json', limit: '1mb' }), async (req, res) => {
    let event;
    try {
      event = stripe.webhooks.constructEvent(req.body, req.headers['stripe-signature'], WEBHOOK_SECRET);
    } catch (err) {
      return res.status(400).send(`Webhook Error: ${err.message}`);
    }
    await database.apply(event, req.body);
    res.json({ received: true });
  });

  app.use(express.json());

  app.post('/api/auth/login', async (req, res) => {
    const user = await database.userByEmail(req.body.email);
    if (!user || !(await bcrypt.compare(req.body.password, user.password_digest))) {
      return res.status(401).json({ code: 'invalid_credentials' });
    }
    res.json({ token: jwt.sign({ sub: user.id }, JWT_SECRET, { expiresIn: '15m' }) });
  });

  const signedIn = (req, res, next) => {
    try {
      const token = (req.headers.authorization || '').replace(/^Bearer /, '');
      req.userId = jwt.verify(token, JWT_SECRET, { algorithms: ['HS256'] }).sub;
      next();
    } catch {
      res.status(401).json({ code: 'unauthenticated' });
    }
  };

  app.get('/api/me', signedIn, async (req, res) => {
    const { password_digest: _, ...user } = await database.userById(req.userId);
    res.json(user);
  });

  app.post('/api/billing/portal-session', signedIn, async (req, res) => {
    const user = await database.userById(req.userId);
    const session = await stripe.billingPortal.sessions.create({
      customer: user.stripe_customer_id,
      return_url: 'http://localhost:3000/account',
    });
    res.json({ url: session.url });
  });

  app.listen(Number(PORT), '127.0.0.1');
}

/** What a subscription's event says of its user. */
function change(event) {
  const subscription = event.data.object;
  const item = subscription.items.data[0];
  return [
    subscription.status,
    item.price.product.replace('circle_', ''),
    item.current_period_end,
    event.created,
    subscription.customer,
  ];
}

function sqlite(file) {
  const db = require('better-sqlite3')(file, { timeout: 5000 });
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  const byId = db.prepare('SELECT * FROM users WHERE id = ?');
  const byEmail = db.prepare('SELECT * FROM users WHERE email = ?');
  const insert = db.prepare('INSERT INTO events (id, type, payload) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING');
  const update = db.prepare(
    'UPDATE users SET subscription_status = ?, plan = ?, current_period_end = ?, updated_at = ? ' +
      'WHERE stripe_customer_id = ?',
  );
  const apply = db.transaction((event, body) => {
    if (insert.run(event.id, event.type, body).changes === 1) update.run(...change(event));
  });
  return {
    userById: (id) => byId.get(id),
    userByEmail: (email) => byEmail.get(email),
    apply: (event, body) => apply.immediate(event, body),
  };
}

function postgres(url) {
  const { Pool } = require('pg');
  const pool = new Pool({ connectionString: url, max: 10 });
  const one = async (text, values) => (await pool.query(text, values)).rows[0];
  return {
    userById: (id) => one('SELECT * FROM users WHERE id = $1', [id]),
    userByEmail: (email) => one('SELECT * FROM users WHERE email = $1', [email]),
    async apply(event, body) {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        const inserted = await client.query(
          'INSERT INTO events (id, type, payload) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING',
          [event.id, event.type, body],
        );
        if (inserted.rowCount === 1) {
          await client.query(
            'UPDATE users SET subscription_status = $1, plan = $2, current_period_end = $3, updated_at = $4 ' +
              'WHERE stripe_customer_id = $5',
            change(event),
          );
        }
        await client.query('COMMIT');
      } catch (error) {
        await client.query('ROLLBACK');
        throw error;
      } finally {
        client.release();
      }
    },
  };
}
