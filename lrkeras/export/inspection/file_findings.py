"""All that is known of a `.tflite` file from looking at it."""

import dataclasses
import os

from lrkeras.export.delegates.delegate_report import DelegateReport
from lrkeras.export.inspection.advice import Advice, advice_for
from lrkeras.export.inspection.ends import State, states_of
from lrkeras.export.inspection.foreign_operators import ForeignOperator, foreign_operators
from lrkeras.export.inspection.hazards import Delegates, delegates_of, hazards_of, odd_inputs
from lrkeras.export.inspection.loops import (
    FusedLayer,
    UnrolledLoop,
    WhileLoop,
    fused_layers,
    unrolled_loops,
    while_loops,
)
from lrkeras.export.inspection.weights import Weights, weights_of
from lrkeras.export.tflite.metadata_entry import METADATA_NAME
from lrkeras.export.tflite.model_file import ModelFile


@dataclasses.dataclass(frozen=True)
class FileFindings:
    """What was found in a file; each part has a module of its own.

    Attributes:
        file: The path.
        states: What is carried from call to call.
        foreign_operators: Flex, custom and unknown operators, with the layers they came from.
        while_loops, unrolled_loops, fused_layers: Loops over time, by how they are written.
        weights: How weights are rounded.
        sparse_hazards: Outputs of nodes that XNNPACK computes wrongly.
        odd_inputs: Inputs of open shapes, and of text.
        load_error: Why the runtime cannot load it, or None.
        by_lrkeras: Whether `lrkeras.convert` wrote it.
        delegates: Who would take it.
        hazards: A sentence for each thing that may go wrong.
        next: The next command.
    """

    file: str
    states: list[State]
    foreign_operators: list[ForeignOperator]
    while_loops: list[WhileLoop]
    unrolled_loops: list[UnrolledLoop]
    fused_layers: list[FusedLayer]
    weights: Weights
    sparse_hazards: list[str]
    odd_inputs: list[str]
    load_error: str | None
    by_lrkeras: bool
    delegates: Delegates | None = None
    hazards: list[str] = dataclasses.field(default_factory=list)
    next: Advice | None = None

    @classmethod
    def of(
        cls,
        path: str | os.PathLike,
        file: ModelFile,
        signatures: dict[str | None, int],
        report: DelegateReport,
        load_error: str | None,
    ) -> "FileFindings":
        """Looks at a file.

        Args:
            path: What it is called.
            file: Its content.
            signatures: The graph of each signature, `{None: 0}` for a file without.
            report: Who runs its nodes.
            load_error: Why the runtime cannot load it, or None.
        """
        found = cls(
            file=os.fspath(path),
            states=states_of(file, signatures),
            foreign_operators=foreign_operators(file),
            while_loops=while_loops(file),
            unrolled_loops=unrolled_loops(file),
            fused_layers=fused_layers(file),
            weights=weights_of(file),
            sparse_hazards=report.hazards,
            odd_inputs=odd_inputs(file),
            load_error=load_error,
            by_lrkeras=file.metadata(METADATA_NAME) is not None,
        )
        hazards = hazards_of(
            file,
            report,
            found.states,
            found.foreign_operators,
            found.while_loops,
            found.unrolled_loops,
            found.fused_layers,
        )
        return dataclasses.replace(
            found,
            delegates=delegates_of(file, report, found.states),
            hazards=hazards,
            next=advice_for(found),
        )
