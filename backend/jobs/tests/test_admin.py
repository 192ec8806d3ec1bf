"""The pages of jobs and workers: who sees what, what it costs, what the buttons do."""

from __future__ import annotations

import datetime
import itertools

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backend.catalog.models import Category
from backend.jobs.failures import record_error
from backend.jobs.models import Job, JobError
from backend.jobs.queue import enqueue, enqueue_many
from backend.jobs.testing import begin_job, end_job
from backend.users.models import User
from workflows import clock

pytestmark = pytest.mark.django_db

LIST = reverse("admin:jobs_job_changelist")
WORKERS = reverse("admin:jobs_worker_changelist")

_numbers = itertools.count(1)


@pytest.fixture
def dispatcher(client: Client) -> Client:
    return log_in(client, "dispatcher")


def log_in(client: Client, role: str) -> Client:
    member = User.objects.create_user(f"{role}-{next(_numbers)}", is_staff=True)
    member.groups.add(Group.objects.get(name=role))
    client.force_login(member)
    return client


def page_of(job_id: int) -> str:
    return reverse("admin:jobs_job_change", args=[job_id])


def move_of(job_id: int, name: str) -> str:
    return reverse("admin:jobs_job_move", args=[job_id, name])


def make_failed_job(words: str = "no route to host") -> int:
    job_id = enqueue("probes.run", label=words)
    end_job(job_id, status="failed")
    record_error(job_id, ConnectionError(words))
    return job_id


def text_of(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined]


def messages_of(response: object) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]  # type: ignore[attr-defined]


def status_of(job_id: int) -> str:
    return str(Job.objects.values_list("status", flat=True).get(pk=job_id))


def listed(response: object) -> list[int]:
    return [job.pk for job in response.context["cl"].result_list]  # type: ignore[attr-defined]


class TestWho:
    @pytest.mark.parametrize(
        ("role", "sees", "retries"),
        [
            ("verifier", 403, 403),
            ("dispatcher", 200, 200),
            ("finance", 403, 403),
            ("auditor", 200, 403),
            ("admin", 200, 200),
        ],
    )
    def test_sees_and_who_retries(self, client: Client, role: str, sees: int, retries: int) -> None:
        job_id = make_failed_job()
        log_in(client, role)
        assert [client.get(page).status_code for page in (LIST, page_of(job_id), WORKERS)] == [sees] * 3
        assert client.get(move_of(job_id, "retry")).status_code == retries
        if retries == 403:
            assert client.post(move_of(job_id, "retry")).status_code == 403
            assert status_of(job_id) == "failed"

    def test_offers_an_auditor_no_button_and_no_action(self, client: Client) -> None:
        job_id = make_failed_job()
        log_in(client, "auditor")
        assert move_of(job_id, "retry") not in text_of(client.get(page_of(job_id)))
        form = {"action": "retry_selected", "_selected_action": [job_id], "confirmed": "yes"}
        client.post(LIST, form)
        assert status_of(job_id) == "failed"


class TestList:
    def test_shows_state_task_arguments_and_error_in_words(self, dispatcher: Client) -> None:
        category = Category.objects.create(name="Plumbing", slug="plumbing")
        job_id = enqueue("probes.run", label="a", category_ids=[category.pk, *range(900, 906)])
        end_job(job_id, status="failed")
        record_error(job_id, ConnectionError("no route\nto host"))
        text = text_of(dispatcher.get(LIST))
        assert '<span class="wf-badge wf-tone-bad">Failed</span>' in text
        assert "Write down when it ran; wait for a gate meanwhile<br>" in text
        link = reverse("admin:catalog_category_change", args=[category.pk])
        assert f'category_ids <a class="jobs-link" href="{link}">{category.pk}</a>' in text
        assert "and 2 more" in text
        assert "ConnectionError: no route to host" in text
        assert "1 has failed" in text

    def test_tells_of_each_job_since_when(self, dispatcher: Client) -> None:
        now = clock.now()
        enqueue("probes.run", run_at=now + datetime.timedelta(minutes=5), label="later")
        enqueue("probes.run", label="waits")
        begin_job(enqueue("probes.run", label="runs"))
        with clock.at(now + datetime.timedelta(minutes=2)):
            text = text_of(dispatcher.get(LIST))
        assert "due in 3 min" in text
        assert "waits for 2 min" in text
        assert "runs for 2 min" in text
        assert "1 job is due, the oldest for 2 min" in " ".join(text.split())

    def test_takes_as_many_statements_for_fifty_jobs_as_for_one(self, dispatcher: Client) -> None:
        make_failed_job()
        few = count_statements(dispatcher, LIST)
        for job_id in enqueue_many("probes.run", [{"label": "x"}] * 49):
            end_job(job_id, status="failed")
            record_error(job_id, ConnectionError())
        assert count_statements(dispatcher, LIST) == few <= 13

    def test_is_filtered_by_state_task_and_time_with_dead_letters_first(self, dispatcher: Client) -> None:
        failed, waiting = make_failed_job(), enqueue("jobs.prune_finished_jobs", timestamp=0)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE procrastinate_events SET at = at - interval '2 hours' WHERE job_id = %s", [failed]
            )
        labels = [choice["display"] for choice in choices_of(dispatcher.get(LIST), "state")]
        assert labels[:3] == ["All", "Failed (1)", "Waiting (1)"]
        assert listed(dispatcher.get(LIST, {"status": "failed"})) == [failed]
        assert listed(dispatcher.get(LIST, {"task": "jobs.prune_finished_jobs"})) == [waiting]
        assert listed(dispatcher.get(LIST, {"enqueued": "hour"})) == [waiting]
        assert listed(dispatcher.get(LIST, {"enqueued": "week"})) == [waiting, failed]
        assert listed(dispatcher.get(LIST, {"queue_name": "default"})) == [waiting, failed]

    def test_hides_ticks_that_went_well_until_asked(self, dispatcher: Client) -> None:
        jobs = [enqueue("jobs.prune_finished_jobs", timestamp=1_795_506_300) for _job in range(2)]
        for job, status in zip(jobs, ("succeeded", "failed"), strict=True):
            end_job(job, status=status)
        assert listed(dispatcher.get(LIST)) == [jobs[1]]
        response = dispatcher.get(LIST, {"ticks": "all"})
        assert listed(response) == [jobs[1], jobs[0]]
        assert 'title="24 Nov 2026 07:45:00 UTC">07:45:00</time>' in text_of(response)

    @pytest.mark.parametrize("words", ["no route", "probes.run", "Probes route"])
    def test_is_searched_by_task_and_arguments(self, dispatcher: Client, words: str) -> None:
        failed = make_failed_job()
        enqueue("jobs.prune_finished_jobs", timestamp=0)
        assert listed(dispatcher.get(LIST, {"q": words})) == [failed]

    def test_is_searched_by_number(self, dispatcher: Client) -> None:
        failed = make_failed_job("nothing with digits")
        assert failed in listed(dispatcher.get(LIST, {"q": str(failed)}))

    def test_says_that_all_is_well_when_there_is_nothing(self, dispatcher: Client) -> None:
        text = text_of(dispatcher.get(LIST))
        assert "Nothing waits" in text
        assert "Nothing has failed" in text
        assert "0 workers are alive" in text


class TestPage:
    def test_tells_what_happened_in_order_and_the_last_error(self, dispatcher: Client) -> None:
        job_id = make_failed_job("<b>no route</b>")
        JobError.objects.update(traceback='File "x.py", line 7', workers_died=3)
        response = dispatcher.get(page_of(job_id))
        labels = [event.label for event in response.context["panel"].events]
        assert labels == ["Enqueued", "Started", "Failed for good"]
        text = text_of(response)
        assert "<strong>ConnectionError</strong>: &lt;b&gt;no route&lt;/b&gt;" in text
        assert "3 workers died under this job." in text
        assert "line 7" in text

    def test_says_of_a_job_whose_task_is_gone_that_it_is(self, dispatcher: Client) -> None:
        job_id = enqueue("probes.run", label="x")
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_jobs SET task_name = 'leads.forgotten'")
        text = text_of(dispatcher.get(page_of(job_id)))
        assert "No app declares this task" in text
        assert "leads.forgotten" in text

    def test_offers_what_can_be_done_now(self, dispatcher: Client) -> None:
        failed, waiting, running = (
            make_failed_job(),
            enqueue("probes.run", label="w"),
            enqueue("probes.run", label="r"),
        )
        begin_job(running)
        offered = {
            job: [move.name for move in dispatcher.get(page_of(job)).context["moves"]]
            for job in (failed, waiting, running)
        }
        assert offered == {failed: ["retry"], waiting: ["cancel"], running: []}

    def test_of_a_job_that_is_gone_leads_back(self, dispatcher: Client) -> None:
        assert dispatcher.get(page_of(999_999)).status_code == 302
        assert dispatcher.get(move_of(999_999, "retry")).status_code == 404


class TestMove:
    def test_asks_first_and_changes_nothing_by_asking(self, dispatcher: Client) -> None:
        job_id = make_failed_job()
        response = dispatcher.get(move_of(job_id, "retry"))
        assert "Retry what failed?" in text_of(response)
        assert status_of(job_id) == "failed"

    def test_retries_a_failed_job_and_logs_who_did(self, dispatcher: Client) -> None:
        job_id = make_failed_job()
        response = dispatcher.post(move_of(job_id, "retry"))
        assert response.url == page_of(job_id)
        assert status_of(job_id) == "todo"
        assert messages_of(response) == ["1 job is handed out again."]
        entry = LogEntry.objects.get()
        assert (entry.object_id, entry.change_message) == (str(job_id), "Retry")

    def test_cancels_a_waiting_job(self, dispatcher: Client) -> None:
        job_id = enqueue("probes.run", label="x")
        response = dispatcher.post(move_of(job_id, "cancel"))
        assert status_of(job_id) == "cancelled"
        assert messages_of(response) == ["1 job is cancelled."]

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_says_of_a_job_that_has_moved_on_that_it_has(self, dispatcher: Client, method: str) -> None:
        job_id = enqueue("probes.run", label="x")
        begin_job(job_id)
        response = getattr(dispatcher, method)(move_of(job_id, "cancel"))
        assert status_of(job_id) == "doing"
        assert messages_of(response) == ["1 had moved on meanwhile and was left as it is."]
        assert not LogEntry.objects.exists()

    def test_that_nobody_knows_is_not_found(self, dispatcher: Client) -> None:
        assert dispatcher.post(move_of(make_failed_job(), "explode")).status_code == 404


class TestManyMoves:
    def test_are_asked_about_with_how_many_will_move(self, dispatcher: Client) -> None:
        jobs = [make_failed_job(), make_failed_job(), enqueue("probes.run", label="x")]
        text = text_of(dispatcher.post(LIST, {"action": "retry_selected", "_selected_action": jobs}))
        assert "2 jobs." in text
        assert "1 more is in another state and stays as it is." in text
        assert [status_of(job) for job in jobs] == ["failed", "failed", "todo"]

    def test_are_told_what_moved_on_meanwhile(self, dispatcher: Client) -> None:
        jobs = [make_failed_job(), make_failed_job()]

        with connection.cursor() as cursor:
            cursor.execute("SELECT procrastinate_retry_job_v2(%s, NULL, NULL, NULL, NULL)", [jobs[0]])
        form = {"action": "retry_selected", "_selected_action": jobs, "confirmed": "yes", "asked": "2"}
        response = dispatcher.post(LIST, form)
        assert messages_of(response) == [
            "1 job is handed out again. 1 had moved on meanwhile and was left as it is."
        ]
        assert [status_of(job) for job in jobs] == ["todo", "todo"]
        assert LogEntry.objects.count() == 1

    def test_reach_all_that_match_the_filter_and_no_other(self, dispatcher: Client) -> None:
        failed = [make_failed_job() for _job in range(60)]
        other = enqueue("probes.fail", words="x")
        end_job(other, status="failed")
        page = f"{LIST}?status=failed&task=probes.run"
        form = {"action": "retry_selected", "_selected_action": failed[:1], "select_across": "1"}
        assert "60 jobs." in text_of(dispatcher.post(page, form))
        response = dispatcher.post(page, {**form, "confirmed": "yes", "asked": "60"})
        assert messages_of(response) == ["60 jobs are handed out again."]
        assert {status_of(job) for job in failed} == {"todo"}
        assert status_of(other) == "failed"
        assert LogEntry.objects.count() == 60

    def test_are_done_so_many_at_a_time_the_oldest_first(self, dispatcher: Client, monkeypatch) -> None:
        monkeypatch.setattr("backend.jobs.admin.job.MOVED_TOGETHER_MAX", 2)
        jobs = [make_failed_job() for _job in range(3)]
        form = {"action": "retry_selected", "_selected_action": jobs[:1], "select_across": "1"}
        asked = text_of(dispatcher.post(LIST, form))
        assert "2 jobs." in asked
        assert "1 more is too much for one go: do it again afterwards." in asked
        response = dispatcher.post(LIST, {**form, "confirmed": "yes", "asked": "2"})
        assert messages_of(response) == ["2 jobs are handed out again."]
        assert [status_of(job) for job in jobs] == ["todo", "todo", "failed"]

    def test_bear_a_form_that_was_tampered_with(self, dispatcher: Client) -> None:
        job_id = make_failed_job()
        form = {"action": "retry_selected", "_selected_action": [job_id], "confirmed": "yes", "asked": "²"}
        assert messages_of(dispatcher.post(LIST, form)) == ["1 job is handed out again."]


class TestWorkers:
    def test_are_listed_with_their_last_sign_of_life_and_their_jobs(self, dispatcher: Client) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO procrastinate_workers (last_heartbeat)"
                " VALUES (now()), (now() - interval '5 minutes') RETURNING id"
            )
            (alive,), (silent,) = cursor.fetchall()
        job_id = enqueue("probes.run", label="x")
        begin_job(job_id, worker=alive)
        text = text_of(dispatcher.get(WORKERS))
        assert text.index(f"#{silent}") < text.index(">Silent<") < text.index("5 min ago")
        assert (
            text.index(f"#{alive}")
            < text.index(">Alive<")
            < text.index(f'href="{page_of(job_id)}">#{job_id}<')
        )
        assert "1 worker is alive, 1 silent" in text_of(dispatcher.get(LIST))

    def test_take_as_many_statements_for_many_as_for_one(self, dispatcher: Client) -> None:
        add_workers(1)
        few = count_statements(dispatcher, WORKERS)
        add_workers(20)
        assert count_statements(dispatcher, WORKERS) == few


def add_workers(count: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) SELECT now() FROM generate_series(1, %s)",
            [count],
        )


def count_statements(client: Client, page: str) -> int:
    """Return how many SQL statements a page takes; the first look warms what is kept from page to page."""
    client.get(page)
    with CaptureQueriesContext(connection) as statements:
        assert client.get(page).status_code == 200
    return len(statements)


def choices_of(response: object, title: str) -> list[dict[str, str]]:
    changelist = response.context["cl"]  # type: ignore[attr-defined]
    spec = next(spec for spec in changelist.filter_specs if spec.title == title)
    return list(spec.choices(changelist))
