"""Names of browsers by their user agent, good enough for users to recognise their own browsers."""

# The order matters: most browsers also claim to be those further down.
_BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "Mac",
    "Linux": "Linux",
}


def browser_called(user_agent: str) -> str:
    browser = next((name for sign, name in _BROWSERS.items() if f"{sign}/" in user_agent), "")
    system = next((name for sign, name in _SYSTEMS.items() if sign in user_agent), "")
    if not browser:
        return user_agent[:40] or "Unknown browser"
    return f"{browser} on {system}" if system else browser
