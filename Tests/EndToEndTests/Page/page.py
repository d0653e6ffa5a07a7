"""Drives the page in Debian's Chromium as a person would, and prints what was seen as JSON.

Usage: page.py ADDRESS FOLDER; FOLDER holds clip.mp4, long.mp4, broken.mp4 and empty.mp4, and takes the screenshots.
"""

import json
import pathlib
import sys

from playwright.sync_api import sync_playwright

ADDRESS, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
SIZES = {"desktop": (1280, 860), "phone": (375, 812)}
seen = {"problems": [], "progress": []}


def row(page, name):
    return page.locator(".job", has=page.get_by_role("button", name=name, exact=True))


def sign_in(page, password="geheim"):
    page.get_by_label("Name", exact=True).fill("edu")
    page.get_by_label("Password", exact=True).fill(password)
    page.keyboard.press("Enter")


def status_of(page, name):
    return row(page, name).locator(".status").inner_text()


def wait_for_status(page, name, words, seconds=150):
    expression = """([name, words]) => [...document.querySelectorAll('.job')].some((job) =>
        job.querySelector('.job-open').textContent === name
        && words.includes(job.querySelector('.status').textContent))"""
    page.wait_for_function(expression, arg=[name, words], timeout=seconds * 1000)


def begin(context):
    page = context.new_page()
    page.on("pageerror", lambda error: seen["problems"].append(str(error)))
    page.on("console", lambda line: line.type == "error" and "Content Security" in line.text
            and seen["problems"].append(line.text))
    page.goto(f"{ADDRESS}/app")
    return page


def signs_in(page):
    page.wait_for_selector("#sign-in:not([hidden])")
    sign_in(page, "wrong")
    page.wait_for_selector("#sign-in-problem:not([hidden])")
    seen["wrongPassword"] = page.locator("#sign-in-problem").inner_text()
    sign_in(page)
    page.wait_for_selector("#workplace:not([hidden])")
    seen["user"] = page.locator("#account-name").inner_text()
    seen["empty"] = page.locator("#empty").inner_text()


def drops(page, path):
    """Drops a file on the page as the browser does."""
    page.evaluate("""([name, bytes]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], name, { type: 'video/mp4' }));
        for (const kind of ['dragenter', 'dragover', 'drop']) {
            document.getElementById('drop').dispatchEvent(
                new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
        }
    }""", [path.name, list(path.read_bytes())])


def uploads_and_watches(page):
    page.evaluate("""() => {
        window.seenProgress = new Set();
        new MutationObserver(() => {
            for (const bar of document.querySelectorAll('.job progress')) {
                if (bar.hasAttribute('value')) window.seenProgress.add(bar.value);
            }
        }).observe(document.getElementById('jobs'), { subtree: true, attributes: true, childList: true });
    }""")
    page.set_input_files("#files", [FOLDER / "clip.mp4"])
    drops(page, FOLDER / "broken.mp4")
    row(page, "clip.mp4").wait_for(timeout=60_000)
    wait_for_status(page, "clip.mp4", ["Done"])
    seen["progress"] = sorted(page.evaluate("[...window.seenProgress]"))
    seen["saved"] = row(page, "clip.mp4").locator(".job-saved > :first-child").inner_text()
    seen["note"] = row(page, "clip.mp4").locator(".job-note").inner_text()
    page.wait_for_function("() => document.querySelectorAll('.upload').length === 0", timeout=60_000)


def refuses(page):
    """An empty file is refused at once, with nothing to try again."""
    page.set_input_files("#files", [FOLDER / "empty.mp4"])
    upload = page.locator(".upload.is-failed")
    upload.wait_for()
    seen["refused"] = upload.locator(".upload-note").inner_text()
    seen["refusedActions"] = upload.locator("button:visible").all_inner_texts()
    upload.get_by_role("button").last.click()


def plays(page):
    page.get_by_role("button", name="clip.mp4", exact=True).click()
    page.wait_for_selector("#details video")
    seen["played"] = page.evaluate("""async () => {
        const video = document.querySelector('#details video');
        video.muted = true;
        await video.play();
        await new Promise((done) => video.addEventListener('timeupdate',
            () => video.currentTime > 0.5 && done()));
        const time = video.currentTime;
        video.currentTime = video.duration - 0.5;
        await new Promise((done) => video.addEventListener('seeked', done, { once: true }));
        return { time, width: video.videoWidth, height: video.videoHeight, duration: video.duration };
    }""")
    seen["details"] = page.locator("#details-body").inner_text()
    seen["focusInDetails"] = page.evaluate("document.activeElement.id")
    page.keyboard.press("Escape")
    seen["focusAfterDetails"] = page.evaluate("document.activeElement.textContent")


def reads_error(page):
    wait_for_status(page, "broken.mp4", ["Failed"])
    page.get_by_role("button", name="broken.mp4", exact=True).focus()
    page.keyboard.press("Enter")
    seen["reason"] = page.locator(".reason").inner_text()
    seen["errorActions"] = page.locator("#details-foot").inner_text()
    page.keyboard.press("Escape")


def cancels(page):
    page.set_input_files("#files", [FOLDER / "long.mp4"])
    row(page, "long.mp4").wait_for(timeout=60_000)
    page.get_by_role("button", name="long.mp4", exact=True).click()
    page.get_by_role("button", name="Cancel job").click()
    page.get_by_role("button", name="Try again").wait_for(timeout=60_000)
    page.keyboard.press("Escape")
    seen["cancelled"] = status_of(page, "long.mp4")


def filters(page):
    page.get_by_role("button", name="Failed", exact=True).click()
    page.wait_for_function("""() => [...document.querySelectorAll('.job .status')].length === 2
        && [...document.querySelectorAll('.job .status')].every((one) => one.textContent === 'Failed')""")
    seen["failed"] = page.locator(".job-open").all_inner_texts()
    page.get_by_role("button", name="All", exact=True).click()
    page.wait_for_function("() => document.querySelectorAll('.job').length > 2")
    page.get_by_label("Search jobs by file name").fill("CLIP")
    page.wait_for_function("() => document.querySelectorAll('.job').length === 1")
    seen["found"] = page.locator(".job-open").all_inner_texts()
    page.get_by_label("Search jobs by file name").fill("")
    page.wait_for_function("() => document.querySelectorAll('.job').length > 2")


def takes_screenshots(browser, state):
    seen["overflow"] = {}
    for name, (width, height) in SIZES.items():
        for scheme in ["light", "dark"]:
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme, storage_state=state)
            page = begin(context)
            row(page, "clip.mp4").wait_for()
            page.screenshot(path=FOLDER / f"{name}-{scheme}-list.png")
            for job in ["clip", "broken"]:
                page.get_by_role("button", name=f"{job}.mp4", exact=True).click()
                page.wait_for_selector("#details-foot > *")
                page.wait_for_timeout(400)
                page.screenshot(path=FOLDER / f"{name}-{scheme}-{job}.png")
                page.keyboard.press("Escape")
            seen["overflow"][f"{name} {scheme}"] = page.evaluate(
                "document.documentElement.scrollWidth - window.innerWidth")
            seen["filtersOutside"] = seen.get("filtersOutside", 0) + page.evaluate("""() =>
                [...document.querySelectorAll('.filters button')].filter((one) =>
                    one.getBoundingClientRect().right > window.innerWidth - 8).length""")
            context.close()


def shows_text_as_text(page):
    seen["strange"] = page.locator(".job-open", has_text="img").all_inner_texts()
    seen["strangeImages"] = page.locator(".jobs img").count()
    # What the policy is for: even if somebody got a script into the page, it would not run.
    seen["injected"] = page.evaluate("""() => {
        const script = document.createElement('script');
        script.textContent = 'window.injected = true';
        document.body.append(script);
        return window.injected === true;
    }""")


def signs_out(page):
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_selector("#sign-in:not([hidden])")
    seen["afterSignOut"] = page.evaluate("fetch('/api/jobs').then((answer) => answer.status)")


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(
        executable_path="/usr/bin/chromium",
        args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"])
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    page = begin(context)
    signs_in(page)
    uploads_and_watches(page)
    refuses(page)
    plays(page)
    reads_error(page)
    cancels(page)
    filters(page)
    takes_screenshots(browser, context.storage_state())
    problems = list(seen["problems"])
    shows_text_as_text(page)
    signs_out(page)
    seen["problems"] = problems
    browser.close()
print(json.dumps(seen))
