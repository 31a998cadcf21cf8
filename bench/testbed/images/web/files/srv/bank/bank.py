"""The bank that web sessions visit: pages made anew for each request from an SQLite database.

collectors/web_pages.h is the contract: which pages there are, what is sent to them, and what their answers must hold.
"""

import sqlite3

from flask import Flask, g, render_template_string, request, session

DATABASE = "/srv/bank/bank.sqlite"
OPENING_BALANCE = 100000
SHOWN = 10  # payments on a page

PAGE = """<!doctype html>
<html lang="en"><head><title>Bank</title></head><body>
<h1>{{ title }}</h1>
<p>{{ text }}</p>
{% if payments %}<table>
<tr><th>from</th><th>to</th><th>amount</th><th>text</th></tr>
{% for p in payments %}<tr><td>{{ p.payer }}</td><td>{{ p.payee }}</td><td>{{ p.amount }}</td>
<td>reference {{ p.reference }}</td></tr>
{% endfor %}</table>{% endif %}
<p><a href="/summary">Summary</a> <a href="/history">History</a> <a href="/logout">Log out</a></p>
</body></html>
"""

app = Flask(__name__)
app.secret_key = "the guest's own"


def connect():
    connection = sqlite3.connect(DATABASE, timeout=60)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def prepare():
    """Make the database; once, before the servers fork."""
    with connect() as connection:
        connection.executescript(
            """PRAGMA journal_mode = WAL;
            CREATE TABLE IF NOT EXISTS account (user TEXT PRIMARY KEY, balance INTEGER NOT NULL) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS payment (id INTEGER PRIMARY KEY, payer TEXT NOT NULL, payee TEXT NOT NULL,
                amount INTEGER NOT NULL, reference TEXT NOT NULL);
            CREATE INDEX IF NOT EXISTS payment_payer ON payment (payer);
            CREATE INDEX IF NOT EXISTS payment_payee ON payment (payee);"""
        )


def database():
    if "database" not in g:
        g.database = connect()
    return g.database


@app.teardown_appcontext
def close(_exception):
    if "database" in g:
        g.pop("database").close()


def page(title, text, payments=()):
    return render_template_string(PAGE, title=title, text=text, payments=payments)


def account(user):
    database().execute("INSERT OR IGNORE INTO account VALUES (?, ?)", (user, OPENING_BALANCE))


def payments_of(user):
    return database().execute(
        "SELECT payer, payee, amount, reference FROM payment WHERE payer = ?1 OR payee = ?1 ORDER BY id DESC LIMIT ?2",
        (user, SHOWN),
    ).fetchall()


@app.before_request
def known():
    if request.path not in ("/", "/login") and "user" not in session:
        return page("Bank", "Please log in."), 403
    return None


@app.get("/")
def home():
    return page("Bank", "Please log in.")


@app.post("/login")
def login():
    user = request.form["user"]
    if request.form["password"] != "secret-" + user:
        return page("Bank", "Wrong password."), 403
    with database():
        account(user)
    session["user"] = user
    return page("Bank", f"Welcome, {user}")


@app.get("/summary")
def summary():
    user = session["user"]
    (balance,) = database().execute("SELECT balance FROM account WHERE user = ?", (user,)).fetchone()
    return page("Summary", f"Balance of {user}: {balance}", payments_of(user)[:3])


@app.post("/pay")
def pay():
    user, to = session["user"], request.form["to"]
    amount, reference = int(request.form["amount"]), request.form["reference"]
    with database():
        account(to)
        database().execute("UPDATE account SET balance = balance - ? WHERE user = ?", (amount, user))
        database().execute("UPDATE account SET balance = balance + ? WHERE user = ?", (amount, to))
        database().execute(
            "INSERT INTO payment (payer, payee, amount, reference) VALUES (?, ?, ?, ?)", (user, to, amount, reference)
        )
    return page("Payment", f"Paid {amount} to {to}, reference {reference}")


@app.get("/history")
def history():
    return page("History", "Your last payments", payments_of(session["user"]))


@app.get("/logout")
def logout():
    return page("Bank", f"Goodbye, {session.pop('user')}")


prepare()
