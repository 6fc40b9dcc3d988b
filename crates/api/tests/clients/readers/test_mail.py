"""Mail, taken by a mail server of others (aiosmtpd) and read by Python's own library."""

import email
import email.policy
import queue
import socket
import unittest

from aiosmtpd.controller import Controller

from product import PASSWORD, PATIENCE, ProductTest, ask

ADA = "ada@example.com"


class Taken:
    """Keeps every mail it is handed."""

    def __init__(self):
        self.mails = queue.Queue()

    async def handle_DATA(self, _server, _session, envelope):
        self.mails.put((envelope, email.message_from_bytes(envelope.content, policy=email.policy.default)))
        return "250 taken"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Mail(ProductTest):
    def setUp(self):
        self.port = free_port()
        self.taken = Taken()
        self.SETTINGS = {
            "SMTP_URL": f"smtp://127.0.0.1:{self.port}",
            "MAIL_FROM": "Der innere Kreis <hallo@example.org>",
        }
        super().setUp()

    def start_mail_server(self):
        controller = Controller(self.taken, hostname="127.0.0.1", port=self.port)
        controller.start()
        self.addCleanup(controller.stop)

    def next_mail(self):
        return self.taken.mails.get(timeout=PATIENCE)

    def test_what_is_mailed_while_the_server_is_away_is_delivered_once_it_is_back(self):
        self.register(ADA)
        # Nothing listens on the port yet, and the first tries fail.
        self.start_mail_server()
        envelope, mail = self.next_mail()
        self.assertEqual((envelope.mail_from, envelope.rcpt_tos), ("hallo@example.org", [ADA]))
        self.assertEqual(mail["Subject"], "Confirm your e-mail address")
        self.assertEqual(mail["From"], "Der innere Kreis <hallo@example.org>")
        self.assertEqual(mail["To"], ADA)
        self.assertRegex(mail["Message-ID"], r"^<\S+@example\.org>$")
        self.assertIsNotNone(mail["Date"].datetime)
        self.assertEqual(list(mail.defects), [])

        self.assertEqual(mail.get_content_type(), "multipart/alternative")
        text, html = (mail.get_body([kind]) for kind in ("plain", "html"))
        self.assertEqual([part.get_content_charset() for part in (text, html)], ["utf-8", "utf-8"])
        link = next(line for line in text.get_content().split("\n") if line.startswith("http"))
        self.assertIn(link.strip(), html.get_content())
        token = link.strip().partition("token=")[2]
        verified = ask(f"{self.site}/api/auth/verify-email", "POST", {"token": token})
        self.assertEqual(verified.status, 204)
        # Whatever else is sent comes after it: there was no second one.
        ask(f"{self.site}/api/auth/forgot-password", "POST", {"email": ADA})
        self.assertEqual(self.next_mail()[1]["Subject"], "Set a new password")

    def test_a_new_password_ends_every_session_and_is_told(self):
        self.start_mail_server()
        token = self.register(ADA)
        self.next_mail()
        ask(f"{self.site}/api/auth/forgot-password", "POST", {"email": ADA})
        text = self.next_mail()[1].get_body(["plain"]).get_content()
        self.assertIn("for 30 minutes", text)
        key = text.partition("token=")[2].split()[0]
        new = {"token": key, "password": "another fine password"}
        self.assertEqual(ask(f"{self.site}/api/auth/reset-password", "POST", new).status, 204)
        self.assertEqual(ask(f"{self.site}/api/me", token=token).status, 401)
        self.assertEqual(self.next_mail()[1]["Subject"], "Your password was changed")
        self.assertEqual(ask(f"{self.site}/api/auth/reset-password", "POST", new).status, 400)
        old = {"email": ADA, "password": PASSWORD}
        self.assertEqual(ask(f"{self.site}/api/auth/login", "POST", old).status, 401)


if __name__ == "__main__":
    unittest.main()
