"""What our scripts do, read from their syntax trees: some sentences of the report are about the scripts themselves.

Docstrings and comments don't count, nor does an import that is never used.
"""
import ast

from tp2.cli import ROOT


def text(path):
    """The text of a script of this project."""
    return (ROOT / path).read_text(encoding="utf-8")


class Script:
    """A script's code; none if the script is missing, or is no Python."""

    def __init__(self, path):
        try:
            self.nodes = list(ast.walk(ast.parse(text(path))))
        except (OSError, SyntaxError):
            self.nodes = []

    def assigned(self, name):
        """The expressions that are assigned to a name, as code."""
        return [ast.unparse(node.value) for node in self.nodes if isinstance(node, ast.Assign)
                for target in node.targets if ast.unparse(target) == name]

    def calls(self, function):
        """The arguments of each call of a function, named as the code does ("T.nnet.relu"), as code."""
        return [[ast.unparse(argument) for argument in node.args] for node in self.nodes
                if isinstance(node, ast.Call) and ast.unparse(node.func) == function]

    def imports(self):
        """The names of the modules that it imports."""
        return {name for node in self.nodes if isinstance(node, (ast.Import, ast.ImportFrom))
                for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module])}

    def constants(self, line):
        """{name: value} of the constants that this line of the file sets and the code below reads."""
        read = {node.id for node in self.nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        constants = {ast.unparse(node.targets[0]): node.value.value for node in self.nodes
                     if isinstance(node, ast.Assign) and node.lineno == line and isinstance(node.value, ast.Constant)}
        return {name: value for name, value in constants.items() if name in read}
