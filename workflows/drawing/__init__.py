"""Deterministic drawings of a state machine: the same machine gives the same bytes on every computer."""

from workflows.drawing.annotation import Annotation
from workflows.drawing.document import draw_document
from workflows.drawing.dot import draw_dot
from workflows.drawing.mermaid import draw_mermaid
from workflows.drawing.progress import Progress
from workflows.drawing.svg import draw_svg

__all__ = ["Annotation", "Progress", "draw_document", "draw_dot", "draw_mermaid", "draw_svg"]
