"""One node's row of a delegate report."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class NodeReport:
    """What one node of a graph is, and who runs it.

    Attributes:
        index: Its number in the graph.
        operator: Its operator, such as `"FULLY_CONNECTED"`.
        version: Version of the operator.
        outputs: Names of the tensors that it writes.
        delegate: `"XNNPACK"`, or None where the runtime's built-in kernel runs it.
        partition: Number of the XNNPACK partition that it is in, from 0; None outside of one.
        reason: Why XNNPACK does not run it; None where it does.
        macs: Multiply-accumulates of one run.
        bytes: Bytes of the constants it reads, with the indices of sparse ones.
    """

    index: int
    operator: str
    version: int
    outputs: tuple[str, ...]
    delegate: str | None
    partition: int | None
    reason: str | None
    macs: int
    bytes: int
