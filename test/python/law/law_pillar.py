"""The pillar samples of the pages, on a minion of its own without a master."""

import salt.client
import salt.config
from wheel import ROOT, SITE

SLS = SITE / "saltext/eos/srv/salt"


class Applied:
    """A minion without a master whose pillar is one sample."""

    def __init__(self, salted, home):
        self.salted, self.pillars = salted, home / "pillar"
        self.pillars.mkdir()
        (self.pillars / "top.sls").write_text("base: {n1: [sample]}\n")
        opts = dict(salt.config.minion_config(None))
        opts |= {"id": "n1", "root_dir": str(home), "cachedir": str(home / "c"), "test": False}
        opts |= {"conf_file": str(home / "minion"), "extension_modules": str(home / "x")}
        opts |= {"file_client": "local", "file_roots": {"base": [str(SLS)]}, "pki_dir": str(home)}
        opts |= {"pillar_roots": {"base": [str(self.pillars)]}, "ext_pillar": [{"eos": {}}]}
        opts |= {"sock_dir": str(home / "s"), "log_file": str(home / "log"), "grains": {}}
        opts |= {"eos": {"connections": dict(salted.connections)}}
        self.caller = None
        self.opts = opts

    def __call__(self, sample, test=False):
        """Apply a sample; gives the states by their id, in the order in which they ran."""
        (self.pillars / "sample.sls").write_text(sample)
        self.caller = self.caller or salt.client.Caller(mopts=self.opts)
        self.salted.sent.clear()
        done = self.caller.cmd("state.apply", "eos.objects", test=test)
        assert isinstance(done, dict), done
        ran = sorted(done.values(), key=lambda one: one["__run_num__"])
        guard, *rest = ran
        assert guard["result"] is True, guard
        return {one["__id__"]: one for one in rest}


def on_page(resource):
    """Give the blocks of a page below its heading `Pillar`, as they stand."""
    page = (ROOT / f"generated/docs/resources/{resource}.md").read_text("utf-8")
    return [block.split("```")[0] for block in page.split("## Pillar")[1].split("```yaml\n")[1:]]
