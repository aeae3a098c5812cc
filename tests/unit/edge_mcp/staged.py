"""The tools over the demo shop at the question set's moment."""

from edge.mcp_server.toolbox import Toolbox
from edge.questions.stage import Stage


def staged_toolbox() -> Toolbox:
    assistant = Stage.of_demo_shop().assistant()
    return Toolbox(assistant.tools(), assistant)
