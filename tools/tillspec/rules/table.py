"""All rules of lint, by their codes. What a code means, and how grave it is, stands in `tillspec.diagnostics.CODES`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.rules.behavior_contradicts import behavior_contradicts
from tillspec.rules.behavior_invalid import behavior_invalid
from tillspec.rules.behavior_nowhere import behavior_nowhere
from tillspec.rules.binary_media_type import binary_media_type
from tillspec.rules.component_unused import component_unused
from tillspec.rules.context import Context
from tillspec.rules.create_without_idempotency import create_without_idempotency
from tillspec.rules.default_invalid import default_invalid
from tillspec.rules.description_yaml import description_yaml
from tillspec.rules.error_without_schema import error_without_schema
from tillspec.rules.example_direction import example_direction
from tillspec.rules.example_invalid import example_invalid
from tillspec.rules.example_on_bounds import example_on_bounds
from tillspec.rules.example_rule import example_rule
from tillspec.rules.example_total import example_total
from tillspec.rules.expired_ambiguous import expired_ambiguous
from tillspec.rules.get_with_idempotency import get_with_idempotency
from tillspec.rules.id_without_404 import id_without_404
from tillspec.rules.link_expression import link_expression
from tillspec.rules.link_parameter import link_parameter
from tillspec.rules.money_not_integer import money_not_integer
from tillspec.rules.money_without_currency import money_without_currency
from tillspec.rules.move_undeclared import move_undeclared
from tillspec.rules.operation_id_missing import operation_id_missing
from tillspec.rules.operation_id_unusable import operation_id_unusable
from tillspec.rules.parameter_schemas_differ import parameter_schemas_differ
from tillspec.rules.response_closed import response_closed
from tillspec.rules.rule_field import rule_field
from tillspec.rules.rule_syntax import rule_syntax
from tillspec.rules.rule_type import rule_type
from tillspec.rules.security_without_401 import security_without_401
from tillspec.rules.state_unknown import state_unknown
from tillspec.rules.state_unreachable import state_unreachable
from tillspec.rules.states_differ import states_differ
from tillspec.rules.tag_duplicate import tag_duplicate
from tillspec.rules.tag_undeclared import tag_undeclared
from tillspec.rules.yaml_boolean import yaml_boolean

Rule = Callable[[Context], Iterator[Diagnostic]]

_ALL: tuple[Rule, ...] = (
    behavior_contradicts, behavior_invalid, behavior_nowhere, binary_media_type, component_unused, create_without_idempotency,
    default_invalid, description_yaml, error_without_schema, example_direction, example_invalid, example_on_bounds, example_rule,
    example_total, expired_ambiguous, get_with_idempotency, id_without_404, link_expression, link_parameter, money_not_integer,
    money_without_currency, move_undeclared, operation_id_missing, operation_id_unusable, parameter_schemas_differ,
    response_closed, rule_field, rule_syntax, rule_type, security_without_401, state_unknown, state_unreachable, states_differ,
    tag_duplicate, tag_undeclared, yaml_boolean,
)  # fmt: skip

LINT: dict[str, Rule] = {rule.__name__.replace("_", "-"): rule for rule in _ALL}
"""Each rule by its code, which is the name of its function and of its file."""
