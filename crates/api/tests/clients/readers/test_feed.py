"""The private feed as three readers of others see it: feedparser, podcastparser (gPodder's) and urllib."""

import io
import unittest

import feedparser
import podcastparser

from product import ProductTest, ask, eventually

ADA = "ada@example.com"


class Feed(ProductTest):
    def setUp(self):
        super().setUp()
        eventually(lambda: ask(f"{self.site}/api/episodes").json()["episodes"], "the first episodes")
        self.token = self.register(ADA)
        self.circle("grant", ADA, "--plan", "enterprise")
        self.feed = ask(f"{self.site}/api/feed", token=self.token).json()["url"]

    def read(self):
        """The feed by both readers, neither of which may find anything to complain of."""
        answer = ask(self.feed)
        self.assertEqual(answer.status, 200)
        loose = feedparser.parse(answer.body, response_headers=dict(answer.headers))
        self.assertFalse(loose.bozo, loose.get("bozo_exception"))
        self.assertEqual(loose.version, "rss20")
        return loose, podcastparser.parse(self.feed, io.BytesIO(answer.body))

    def test_every_episode_can_be_told_apart_and_downloaded(self):
        loose, strict = self.read()
        self.assertEqual(loose.feed.title, strict["title"])
        self.assertEqual(loose.feed.itunes_block, 1)
        self.assertFalse(loose.feed.itunes_explicit)
        self.assertTrue(loose.feed.podcast_guid)
        self.assertEqual(strict["type"], "episodic")
        self.assertEqual((len(loose.entries), len(strict["episodes"])), (8, 8))
        self.assertEqual(len({entry.id for entry in loose.entries}), 8)
        times = [entry.published_parsed for entry in loose.entries]
        self.assertEqual(times, sorted(times, reverse=True))
        for episode in strict["episodes"]:
            with self.subTest(episode["title"]):
                self.assertGreater(episode["total_time"], 10)
                [enclosure] = episode["enclosures"]
                url = enclosure["url"]
                whole = ask(url)
                self.assertEqual(len(whole.body), enclosure["file_size"])
                self.assertEqual(whole.headers["Content-Type"], enclosure["mime_type"])

    def test_players_resume_seek_and_look_before_they_download(self):
        url = self.read()[1]["episodes"][0]["enclosures"][0]["url"]
        whole = ask(url)
        size, etag = len(whole.body), whole.headers["ETag"]
        self.assertEqual(whole.headers["Accept-Ranges"], "bytes")
        head = ask(url, "HEAD")
        self.assertEqual((head.status, head.body, head.headers["Content-Length"]), (200, b"", str(size)))
        for asked, first, last in [
            ("bytes=0-0", 0, 0),
            ("bytes=100-199", 100, 199),
            ("bytes=100-", 100, size - 1),
            ("bytes=-100", size - 100, size - 1),
            (f"bytes=0-{size * 2}", 0, size - 1),
        ]:
            with self.subTest(asked):
                part = ask(url, headers={"Range": asked})
                self.assertEqual(part.status, 206)
                self.assertEqual(part.headers["Content-Range"], f"bytes {first}-{last}/{size}")
                self.assertEqual(part.body, whole.body[first : last + 1])
        beyond = ask(url, headers={"Range": f"bytes={size}-"})
        self.assertEqual((beyond.status, beyond.headers["Content-Range"]), (416, f"bytes */{size}"))
        for validator, status in [(etag, 206), ('"another"', 200)]:
            part = ask(url, headers={"Range": "bytes=0-9", "If-Range": validator})
            self.assertEqual((part.status, len(part.body)), (status, 10 if status == 206 else size))

    def test_a_feed_asked_for_again_is_sent_only_when_it_changed(self):
        etag = ask(self.feed).headers["ETag"]
        again = ask(self.feed, headers={"If-None-Match": etag})
        self.assertEqual((again.status, again.body), (304, b""))
        self.circle("grant", ADA, "--revoke")
        self.assertEqual(ask(self.feed, headers={"If-None-Match": etag}).status, 200)

    def test_a_feed_whose_access_lapsed_is_whole_and_says_how_to_renew(self):
        audio = self.read()[1]["episodes"][0]["enclosures"][0]["url"]
        self.circle("grant", ADA, "--revoke")
        loose, strict = self.read()
        [entry] = loose.entries
        self.assertEqual(entry.title, "Renew to keep listening")
        self.assertIn("/account", entry.summary)
        # Readers leave out what has no audio, so the item has some.
        [[voice]] = [episode["enclosures"] for episode in strict["episodes"]]
        self.assertEqual(len(ask(voice["url"]).body), voice["file_size"])
        self.assertEqual(ask(audio).status, 403)
        self.assertEqual(ask(audio, headers={"Range": "bytes=0-9"}).status, 403)

        moved = ask(f"{self.site}/api/feed/rotate", "POST", token=self.token).json()["url"]
        self.assertEqual(ask(self.feed).status, 410)
        self.assertEqual(ask(moved).status, 200)


if __name__ == "__main__":
    unittest.main()
