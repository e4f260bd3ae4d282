"""Drives schemathesis as a library: examples, coverage and fuzzing of each operation, and stories over links."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import os
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tillspec.verify.checks import Kind
from tillspec.verify.contract import Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import Answer, Exchange
from tillspec.verify.pace import LIMITED, Limited, OutOfTime
from tillspec.verify.random.cases import Dresser
from tillspec.verify.random.coverage import Coverage
from tillspec.verify.random.judging import judge
from tillspec.verify.run import NotSafe, Run, Unreachable, shown
from tillspec.verify.world import Unavailable, World

MISSING = "the random engine needs schemathesis; run: pip install 'tillspec[verify]'"
_MOST_FUZZED = 60
_MOST_STORIES = 20
_STORIES = 0.2
"""The part of the time that is for stories over several operations."""


class _Over(BaseException):
    """The time of an operation is over. No `Exception`, so that hypothesis takes it for no failure of a case."""


@dataclass(slots=True)
class Random:
    """The random engine. It works in a thread of its own; requests go over the run's own connections.

    `coverage` says how much of each operation was covered.
    """

    run: Run
    world: World
    seconds: float
    coverage: dict[str, Coverage] = field(default_factory=dict)
    _loop: asyncio.AbstractEventLoop | None = None
    _until: float = 0.0

    async def carry_out(self, targets: list[Target]) -> None:
        """Send random requests to operations, each for its share of the time; what is left over is for the later ones.

        Raises:
            Unreachable: the server is gone.
        """
        try:
            import schemathesis  # noqa: F401  # whether it is there
        except ModuleNotFoundError:
            for target in targets:
                self.run.skip(target, Kind.RANDOM, MISSING)
            return
        ready = [(target, draft) for target in targets if (draft := await self._ready(target)) is not None]
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._all, ready)

    async def _ready(self, target: Target) -> Draft | None:
        """A request to start from; a note where there is none."""
        made = await self.world.standing(target, self.run.profile.first)
        if isinstance(made, Unavailable):
            self.coverage[target.id] = Coverage(target.id, reason=made.reason)
            self.run.skip(target, Kind.RANDOM, made.reason, made.fill)
            return None
        return made.draft

    def _all(self, ready: list[tuple[Target, Draft]]) -> None:
        with _quiet():
            schema = self._read([target for target, _ in ready])
            if schema is None:
                return
            ends = time.monotonic() + self.seconds * (1 - _STORIES)
            for index, (target, draft) in enumerate(ready):
                left = max(ends - time.monotonic(), 0.0)
                self._until = time.monotonic() + left / (len(ready) - index)
                self.run.progress(f"{target.id}[random]")
                self._one(schema, target, draft)
            self._until = time.monotonic() + self.seconds * _STORIES
            self._stories(schema, {target.id: (target, draft) for target, draft in ready})

    def _read(self, targets: list[Target]) -> Any | None:
        """The contract as schemathesis has it; None where it cannot read it, which is told."""
        try:
            return _schema(self.run)
        except Exception as error:
            for target in targets:
                self._note(target, f"schemathesis cannot read the contract: {_said(error)}")
            return None

    def _note(self, target: Target, reason: str) -> None:
        """Say why an operation was not covered, or not wholly."""
        self.coverage.setdefault(target.id, Coverage(target.id)).reason = reason
        self.run.skip(target, Kind.RANDOM, reason)

    # -- one operation -----------------------------------------------------------------------------------------------------

    def _one(self, schema: Any, target: Target, draft: Draft) -> None:
        """All phases of one operation: half of its time is for examples and fuzzing, the rest for coverage."""
        covered = self.coverage[target.id] = Coverage(target.id)
        dresser = Dresser(self.run, target, draft)
        ends, began = self._until, time.monotonic()
        try:
            operation = schema[target.path][target.method]
            self._until = began + (ends - began) / 2
            self._fuzz(schema, operation, target, dresser)
            self._until = ends
            self._cover(schema, operation, target, dresser)
        except Limited:
            self._note(target, LIMITED)
        except (OutOfTime, NotSafe) as error:
            covered.reason = "the time was over" if isinstance(error, OutOfTime) else "--safe sends only what reads"
        except Unreachable:
            raise
        except Exception as error:
            self._note(target, f"schemathesis could not make requests: {_said(error)}")
        if covered.cases:
            self.run.ledger.passed[target.id, Kind.RANDOM] += 1  # what random requests find has the id of the check

    def _fuzz(self, schema: Any, operation: Any, target: Target, dresser: Dresser) -> None:
        """The contract's examples, and cases from strategies, right and wrong ones."""
        from hypothesis import HealthCheck, Phase, Verbosity, settings
        from schemathesis.generation.hypothesis.builder import HypothesisTestConfig, HypothesisTestMode, create_test

        covered = self.coverage[target.id]

        def send(case: Any) -> None:
            if time.monotonic() > self._until:
                raise _Over
            self._send(target, dresser, case, covered)

        chosen = settings(
            database=None, deadline=None, derandomize=False, max_examples=_MOST_FUZZED, verbosity=Verbosity.quiet,
            suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate), print_blob=False,
        )  # fmt: skip
        modes = [HypothesisTestMode.EXAMPLES, HypothesisTestMode.FUZZING]
        config = HypothesisTestConfig(
            project=schema.config, modes=modes, settings=chosen, seed=self.run.options.seed, apply_ci_profile=False
        )
        try:
            create_test(operation=operation, test_func=send, config=config)()
        except _Over:
            covered.cut.append("fuzzing")

    def _cover(self, schema: Any, operation: Any, target: Target, dresser: Dresser) -> None:
        """Each bound and each keyword, as schemathesis enumerates them."""
        from schemathesis.generation.drivers import CoverageGenerator
        from schemathesis.generation.feedback import FeedbackSources
        from schemathesis.generation.overrides import Override

        generation = schema.config.generation_for(operation=operation, phase="coverage")
        cases = CoverageGenerator(
            operation=operation, generation_modes=generation.modes, generation_config=generation, auth_storage=None,
            override=Override(), feedback=FeedbackSources(),
        )  # fmt: skip
        for case in cases:
            if time.monotonic() > self._until:
                self.coverage[target.id].cut.append("coverage")
                return
            self._send(target, dresser, case, self.coverage[target.id])

    def _send(self, target: Target, dresser: Dresser, case: Any, covered: Coverage) -> Exchange | None:
        meta = case.meta
        try:
            call = dresser.call(case)
        except (ValueError, UnicodeError, TypeError, AttributeError):
            call = None
        exchange = None if call is None else self._exchange(target, call)
        if exchange is None:
            covered.unwritable += 1
            return None
        covered.phases[meta.phase.name.value if meta is not None else "stateful"] += 1
        covered.modes[meta.generation.mode.value if meta is not None else "positive"] += 1
        covered.statuses[exchange.answer.status] += 1
        covered.accepted += exchange.answer.status < 400 or exchange.answer.status >= 500
        judge(self.run, target, exchange)
        return exchange

    def _exchange(self, target: Target, call: Any) -> Exchange | None:
        assert self._loop is not None
        try:
            return asyncio.run_coroutine_threadsafe(self.run.exchange(target, call), self._loop).result()
        except ValueError:
            return None  # h11 does not write it

    # -- several operations ------------------------------------------------------------------------------------------------

    def _stories(self, schema: Any, ready: dict[str, tuple[Target, Draft]]) -> None:
        """Stories over the links of the contract, each answer the source of the next request."""
        from hypothesis import HealthCheck, Phase, Verbosity, settings
        from hypothesis.errors import HypothesisException
        from schemathesis.core.errors import NoLinksFound

        try:
            machine = schema.as_state_machine()
        except Exception:
            return  # there are no links to go along
        outer = self
        dressers: dict[tuple[str, bool], Dresser] = {}

        class Story(machine):  # type: ignore[valid-type, misc]
            linked = False

            def step(self, input: Any) -> Any:
                self.linked = bool(input.applied_parameters)  # its ids are those of an earlier answer
                return super().step(input)

            def call(self, case: Any, **given: Any) -> Any:
                identifier = (case.operation.definition.raw or {}).get("operationId", "")
                known = ready.get(identifier)
                if time.monotonic() > outer._until:
                    raise _Over
                if known is None:
                    return _answered(case, Answer(503))
                target, draft = known
                dresser = Dresser(outer.run, target, None if self.linked else draft)
                dresser = dressers.setdefault((identifier, self.linked), dresser)
                exchange = outer._send(target, dresser, case, outer.coverage[identifier])
                return _answered(case, exchange.answer if exchange is not None else Answer(503))

            def validate_response(self, response: Any, case: Any, **given: Any) -> None:
                """Our oracles have done it."""

        chosen = settings(
            database=None, deadline=None, derandomize=False, max_examples=_MOST_STORIES, stateful_step_count=8,
            verbosity=Verbosity.quiet,
            suppress_health_check=list(HealthCheck), phases=(Phase.generate,), print_blob=False,
        )  # fmt: skip
        try:
            Story._hypothesis_internal_use_seed = self.run.options.seed  # what hypothesis.seed sets
            Story.run(settings=chosen)
        except _Over:
            return
        except (OutOfTime, NotSafe, NoLinksFound, HypothesisException):
            return
        except Unreachable:
            raise
        except Exception as error:
            for target, _ in ready.values():
                self._note(target, f"schemathesis could not go along the links: {_said(error)}")


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {shown(str(error))}"


def _answered(case: Any, answer: Answer) -> Any:
    """An answer as schemathesis knows it."""
    import requests
    from schemathesis.core.transport import Response

    headers: dict[str, list[str]] = {}
    for name, value in answer.headers:
        headers.setdefault(name.lower(), []).append(value)
    request = requests.Request(str(case.method), "http://localhost/").prepare()
    return Response(answer.status or 503, headers, answer.body, request, answer.seconds, True)


def _schema(run: Run) -> Any:
    """The contract as schemathesis reads it, without any configuration that lies about."""
    import copy

    import schemathesis
    import schemathesis.generation.hypothesis.builder  # its import takes a second, which is nobody's share
    from schemathesis.config import SchemathesisConfig

    document = copy.deepcopy(dict(run.contract.bundle.value))
    config = SchemathesisConfig.from_dict({"seed": run.options.seed, "cache": {"enabled": False}})
    return schemathesis.openapi.from_dict(document, config=config)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Nothing of what the libraries say reaches the user, and nothing is left behind in the working directory."""
    from hypothesis.configuration import set_hypothesis_home_dir

    set_hypothesis_home_dir(Path(os.devnull) / "hypothesis")  # where nothing can be kept
    level = logging.getLogger("schemathesis").level
    logging.getLogger("schemathesis").setLevel(logging.CRITICAL)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logging.getLogger("schemathesis").setLevel(level)
            set_hypothesis_home_dir(None)
